import type { JobView } from "longwire";
import { brief, clockTime, now } from "../clock.ts";
import { hasEnded, isReceipt } from "../store.ts";
import type { Happening, Moment } from "./reader.ts";

const WORDS: Record<Happening, string> = {
  queued: "accepted",
  started: "started",
  progress: "progress",
  extended: "extended",
  kill: "kill asked",
  clock: "out of time",
  forced: "forced",
  ended: "ended",
};

/** What is known of its times: the view's own, what was seen live, and what the receipt lets be reckoned. */
export function momentsOf(view: JobView, seen: readonly Moment[]): readonly Moment[] {
  const accepted = Date.parse(view.accepted_at);
  const started = view.started_at ? Date.parse(view.started_at) : undefined;
  const ended = view.ended_at ? Date.parse(view.ended_at) : undefined;
  const { kill } = view;
  const moments: Moment[] = [{ what: "queued", at: accepted, text: `by ${view.by}` }];
  if (started !== undefined) moments.push({ what: "started", at: started, text: started - accepted > 50 ? `after ${brief(started - accepted)} in the queue` : "at once" });
  const killed = isReceipt(kill ?? undefined) && ended !== undefined && kill && "ms" in kill ? ended - kill.ms : undefined;
  moments.push(...seen.filter(({ what }) => what !== "kill" || killed === undefined));
  if (killed !== undefined && kill) moments.push({ what: "kill", at: killed, text: `by ${kill.by}${kill.reason ? `: ${kill.reason}` : ""}` });
  if (ended !== undefined) {
    if (kill && "forced" in kill && kill.forced) moments.push({ what: "forced", at: ended, text: `as it had not ended by itself${kill.signals?.length ? `: ${kill.signals.join(", ")}` : ""}` });
    moments.push({ what: "ended", at: ended, text: view.status });
  }
  return moments.sort((one, other) => one.at - other.at);
}

/** Its life, drawn: from left, when it was accepted, to its end, or its deadline. */
export function Timeline({ view, seen, deadline }: { view: JobView; seen: readonly Moment[]; deadline: number | undefined }) {
  const moments = momentsOf(view, seen);
  const begin = moments[0]!.at;
  const isOver = hasEnded(view.status);
  // The server's clock may be another: what has passed is counted from what it said has passed.
  const today = isOver ? moments.at(-1)!.at : Math.max(begin + 1, moments.at(-1)!.at, Date.now());
  const end = isOver ? today : Math.max(today + 1, today + ((deadline ?? 0) - now.value));
  const at = (moment: number) => `${(100 * Math.max(0, Math.min(1, (moment - begin) / Math.max(1, end - begin)))).toFixed(3)}%`;
  const started = moments.find(({ what }) => what === "started")?.at;
  const ending = moments.find(({ what }) => what === "kill" || what === "clock")?.at;
  const parts: [string, number, number][] = [
    ["queued", begin, started ?? today],
    ["running", started ?? today, ending ?? today],
    ["ending", ending ?? today, today],
  ];
  const listed = moments.filter(({ what }) => what !== "progress");
  return (
    <section class="card life" aria-labelledby="life-title">
      <h2 id="life-title">Timeline</h2>
      <div class="life-line" aria-hidden="true">
        {parts.map(([kind, from, to]) => to > from && <i key={kind} class={`part is-${kind}`} style={{ left: at(from), right: `calc(100% - ${at(to)})` }} />)}
        {moments.map(({ what, at: moment, seq }, index) => (
          <i key={`${what}${seq ?? index}`} class={`mark is-${what}`} style={{ left: at(moment) }} />
        ))}
      </div>
      <ol class="life-list">
        {listed.map(({ what, at: moment, text }, index) => (
          <li key={`${what}${index}`} class={`is-${what}`}>
            <i class={`mark is-${what}`} aria-hidden="true" />
            <strong>{WORDS[what]}</strong> <span>{text}</span>
            <time class="number" dateTime={new Date(moment).toISOString()}>
              {clockTime(moment)} <span class="faint">+{brief(Math.max(0, Math.round(moment - begin)))}</span>
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}
