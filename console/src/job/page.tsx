import { useEffect, useMemo } from "preact/hooks";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { Bar, ShareBar } from "../parts/bar.tsx";
import { Copy } from "../parts/copy.tsx";
import { State } from "../parts/icons.tsx";
import { Left } from "../parts/left.tsx";
import { receiptText } from "../receipts.ts";
import { addressOf, go } from "../route.ts";
import { hasEnded, isReceipt } from "../store.ts";
import { Actions } from "./actions.tsx";
import { Output } from "./output.tsx";
import { progressText, Reader, type Known } from "./reader.ts";
import { Timeline } from "./timeline.tsx";

/** How often a job that waits is asked for its place. */
const PLACE_MS = 2000;

export function JobPage({ job }: { job: string }) {
  const reader = useMemo(() => new Reader(job), [job]);
  useEffect(() => {
    void reader.read();
    return () => reader.stop();
  }, [reader]);
  useEffect(() => addKeys([{ keys: ["Backspace", "u"], what: "Back to the jobs", where: "Job", run: () => go("#/") }]), []);
  const view = reader.view.value;
  const isQueued = view?.status === "queued" && !reader.isGone.value;
  useEffect(() => {
    if (!isQueued) return;
    const timer = setInterval(() => void reader.look(), PLACE_MS);
    return () => clearInterval(timer);
  }, [reader, isQueued]);
  const state = reader.isGone.value ? "unknown" : view?.status;
  useEffect(() => void (document.title = `${[view?.connid ?? job, state].filter(Boolean).join(" · ")} · Longwire`), [job, view?.connid, state]);
  return (
    <>
      <div class="side">
        <Head reader={reader} name={job} />
        {view && <Timeline view={view} reader={reader} />}
        {view && <Outcome view={view} />}
      </div>
      <Output reader={reader} name={view?.connid ?? job} />
    </>
  );
}

/** An address of this machine alone is no link for another. */
const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);

function Head({ reader, name }: { reader: Reader; name: string }) {
  const view = reader.view.value;
  const status = view?.status;
  const progress = reader.progress.value;
  const deadline = reader.deadline.value;
  const link = new URL(view ? addressOf(view.job) : location.hash, location.href).href;
  const isGone = reader.isGone.value;
  const isOver = isGone || (status !== undefined && hasEnded(status));
  return (
    <section class="card job-head">
      <p class="row crumbs">
        <a href="#/">Jobs</a>
        <span class="faint">{view?.route}</span>
      </p>
      <div class="row title">
        <h1>{view?.connid ?? name}</h1>
        {isGone ? view && <span class="faint">not known any more</span> : status && <State status={status} />}
      </div>
      {reader.trouble.value && (
        <p class="said is-wrong" role="alert">
          {reader.trouble.value}
        </p>
      )}
      {!isOver && deadline !== undefined && (
        <div class="c-left big">
          <Bar deadline={deadline} time={view?.time ?? 1} />
          <span class="number">
            <Left deadline={deadline} />
          </span>
        </div>
      )}
      {progress && (
        <p class="progress">
          {progress.total ? <ShareBar share={(progress.done ?? 0) / progress.total} /> : null}
          <span class="note number">{progressText(progress)}</span>
        </p>
      )}
      {view && status && !isOver && <Actions view={view} />}
      {view && <Facts view={view} />}
      <p class="row">
        <Copy text={link} what="the link to this job" />
        <span class="faint small-text">{isHere ? "a link for this machine only" : "a link that works on another machine"}</span>
      </p>
    </section>
  );
}

function Facts({ view }: { view: Known }) {
  const facts: [string, string | undefined][] = [
    ["Job", view.job],
    ["Who", view.by],
    ["Given", view.time === undefined ? undefined : span(view.time)],
    ["Place", view.position == null ? undefined : `${view.position} in the queue`],
    ["Attempt", view.attempt == null ? undefined : String(view.attempt)],
    ["Tags", view.tags?.join(", ")],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="number" title={value}>
                {value}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** What it came to. */
function Outcome({ view: { kill, error, result, clock, status } }: { view: Known }) {
  if (!status || !hasEnded(status)) return null;
  const text = result == null ? undefined : typeof result === "string" ? result : JSON.stringify(result, null, 2);
  return (
    <section class="card outcome" aria-labelledby="outcome-title">
      <h2 id="outcome-title">Outcome</h2>
      {kill && isReceipt(kill) && <p data-receipt="receipt">{receiptText(kill)}</p>}
      {clock && <p>Out of time: {clock}.</p>}
      {error && (
        <p>
          <strong>{error.code}</strong>: {error.message}
        </p>
      )}
      {text !== undefined && (
        <pre tabIndex={0} aria-label="Result">
          {text}
        </pre>
      )}
      {!kill && !clock && !error && text === undefined && <p class="faint">It said nothing more.</p>}
    </section>
  );
}
