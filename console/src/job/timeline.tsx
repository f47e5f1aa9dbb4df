import { brief, clockTime, now } from "../clock.ts";
import { hasEnded, isReceipt } from "../store.ts";
import { whoText, type Happening, type Known, type Moment, type Reader } from "./reader.ts";

const WORDS: Record<Happening, string> = {
  queued: "accepted",
  started: "started",
  progress: "progress",
  extended: "extended",
  kill: "kill asked",
  clock: "out of time",
  forced: "forced",
  again: "queued again",
  ended: "ended",
};

/** What is known of its times: what a status says, what its events said, and what the receipt lets be reckoned. */
export function momentsOf(view: Known, seen: readonly Moment[], grace: number | undefined): readonly Moment[] {
  const [accepted, started, ended] = [view.accepted_at, view.started_at, view.ended_at].map((time) => (time ? Date.parse(time) : undefined));
  const moments = [...seen];
  if (accepted !== undefined) moments.push({ what: "queued", at: accepted, text: view.by ? `by ${view.by}` : "" });
  if (started !== undefined) moments.push({ what: "started", at: started, text: waited(started - (accepted ?? started)) });
  if (ended !== undefined) moments.push({ what: "ended", at: ended, text: view.status ?? "" });
  const { kill } = view;
  if (ended !== undefined && kill && isReceipt(kill)) {
    const asked = seen.find(({ what }) => what === "kill")?.at ?? ended - kill.ms;
    // The event may be in a gap.
    if (!seen.some(({ what }) => what === "kill")) moments.push({ what: "kill", at: asked, text: whoText(kill) });
    if (kill.forced && grace !== undefined) moments.push({ what: "forced", at: Math.min(ended, asked + 1000 * grace), text: `after its grace of ${brief(1000 * grace)}` });
  }
  return moments.sort((one, other) => one.at - other.at || ORDER.indexOf(one.what) - ORDER.indexOf(other.what));
}

/** Of what happened in the same millisecond. */
const ORDER: readonly Happening[] = ["queued", "again", "started", "progress", "extended", "clock", "kill", "forced", "ended"];

const waited = (ms: number): string => (ms > 50 ? `after ${brief(ms)} in the queue` : "at once");

/** Its life, drawn: from left, when it was accepted, to its end, or its deadline. */
export function Timeline({ reader, view }: { reader: Reader; view: Known }) {
  const moments = momentsOf(view, reader.moments.value, reader.grace.value);
  const [first, last] = [moments[0], moments.at(-1)];
  if (!first || !last) return null;
  const begin = first.at;
  const isOver = reader.isGone.value || (view.status !== undefined && hasEnded(view.status));
  // The server's clock may be another: what has passed is counted from what it said has passed.
  const today = isOver ? last.at : Math.max(begin + 1, last.at, begin + now.value - (reader.begin.value ?? now.value));
  const end = isOver ? today : Math.max(today + 1, today + ((reader.deadline.value ?? 0) - now.value));
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
            <strong>{WORDS[what]}</strong> <span title={text}>{text}</span>
            <time class="number" dateTime={new Date(moment).toISOString()}>
              {clockTime(moment)} <span class="faint">+{brief(Math.round(moment - begin))}</span>
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}
