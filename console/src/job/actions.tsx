import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { KillDialog } from "../parts/kill.tsx";
import { killOne, tell, tellNoConnection } from "../receipts.ts";
import { client, isUp } from "../server.ts";
import type { Known } from "./reader.ts";

/** What may be added with a click, in seconds. */
const STEPS = [60, 600, 3600];
const NAMES: Record<number, string> = { 60: "1 min", 600: "10 min", 3600: "1 h" };

/** More time for that job and no other, counted from its deadline. */
async function extend({ connid, job }: Known, seconds: number): Promise<void> {
  if (!isUp()) return tellNoConnection();
  try {
    const server = await client;
    const view = (await server.status({ job })).jobs[0];
    const done = await server.extend({ job }, Math.round(((view?.left ?? 0) + seconds) * 1000) / 1000);
    tell({ kind: "note", title: `${connid} is extended`, text: `It has ${span(done.left ?? 0)} from now.`, job });
  } catch (error) {
    tell({ kind: "refusal", title: `${connid} was not extended`, text: (error as Error).message, job });
  }
}

export function Actions({ view }: { view: Known }) {
  const asks = useSignal(false);
  // What was asked for here and is not answered.
  const asked = useSignal<"extend" | "kill" | undefined>(undefined);
  const isEnding = view.status === "ending";
  const during = (what: "extend" | "kill", done: Promise<void>) => {
    asked.value = what;
    void done.finally(() => (asked.value = undefined));
  };
  const more = (seconds: number) => during("extend", extend(view, seconds));
  useEffect(
    () =>
      addKeys([
        { keys: ["+"], what: "A minute more", where: "Job", run: () => more(60) },
        { keys: ["Delete"], what: "Kill", where: "Job", run: () => (asks.value = true) },
      ]),
    [view.job],
  );
  const isAsked = asked.value === "kill" && !isEnding;
  return (
    <div class="row actions">
      <div class="joined" role="group" aria-label="Extend">
        {STEPS.map((seconds) => (
          <button key={seconds} type="button" disabled={isEnding} aria-label={`Extend by ${NAMES[seconds]}`} onClick={() => more(seconds)}>
            +{NAMES[seconds]}
          </button>
        ))}
      </div>
      <button type="button" class="danger" data-action="kill" disabled={isAsked || (isEnding && view.kill != null)} onClick={() => (asks.value = true)}>
        {isAsked ? "Asked…" : isEnding && view.kill != null ? "Ending…" : "Kill…"}
      </button>
      <span class="unseen" role="status">
        {isAsked ? "The kill is asked for" : asked.value === "extend" ? "More time is asked for" : ""}
      </span>
      {asks.value && (
        <KillDialog
          title={`Kill ${view.connid}?`}
          yes="Kill it"
          no="Leave it"
          onKill={(reason) => during("kill", killOne({ job: view.job, connid: view.connid }, reason))}
          onClose={() => (asks.value = false)}
        />
      )}
    </div>
  );
}
