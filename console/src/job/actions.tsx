import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { JobView, Status } from "longwire";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { Dialog } from "../parts/dialog.tsx";
import { killOne, tell, tellNoConnection } from "../receipts.ts";
import { client, isUp } from "../server.ts";

/** What may be added with a click, in seconds. */
const STEPS = [60, 600, 3600];
const NAMES: Record<number, string> = { 60: "1 min", 600: "10 min", 3600: "1 h" };

export function Actions({ view, status }: { view: JobView; status: Status }) {
  const asks = useSignal(false);
  const reason = useSignal("");
  const isEnding = status === "ending";
  const extend = async (seconds: number) => {
    const { connid, job } = view;
    if (!isUp()) return tellNoConnection();
    try {
      const server = await client;
      const left = (await server.status({ connid })).jobs[0]?.left ?? 0;
      const done = await server.extend(connid, Math.round((left + seconds) * 1000) / 1000);
      tell({ kind: "note", title: `${connid} is extended`, text: `It has ${span(done.left ?? 0)} from now.`, job });
    } catch (error) {
      tell({ kind: "refusal", title: `${connid} was not extended`, text: (error as Error).message, job });
    }
  };
  const kill = (event: Event) => {
    event.preventDefault();
    asks.value = false;
    void killOne(view, reason.value.trim());
  };
  useEffect(
    () =>
      addKeys([
        { keys: ["+"], what: "A minute more", where: "Job", run: () => void extend(60) },
        { keys: ["Delete"], what: "Kill", where: "Job", run: () => (asks.value = true) },
      ]),
    [view.connid],
  );
  return (
    <div class="row actions">
      <div class="joined" role="group" aria-label="Extend">
        {STEPS.map((seconds) => (
          <button key={seconds} type="button" disabled={isEnding} aria-label={`Extend by ${NAMES[seconds]}`} onClick={() => void extend(seconds)}>
            +{NAMES[seconds]}
          </button>
        ))}
      </div>
      <button type="button" class="danger" data-action="kill" disabled={isEnding && view.kill != null} onClick={() => (asks.value = true)}>
        Kill…
      </button>
      {asks.value && (
        <Dialog title={`Kill ${view.connid}?`} onClose={() => (asks.value = false)}>
          <form onSubmit={kill}>
            <label>
              Reason, for whoever runs or watches it
              <input value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} maxLength={1000} autocomplete="off" />
            </label>
            <p class="row">
              <button class="danger solid" data-action="confirm-kill">
                Kill it
              </button>
              <button type="button" onClick={() => (asks.value = false)}>
                Leave it
              </button>
            </p>
          </form>
        </Dialog>
      )}
    </div>
  );
}
