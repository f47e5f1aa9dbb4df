import { useEffect, useMemo } from "preact/hooks";
import type { JobView } from "longwire";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { Bar } from "../parts/bar.tsx";
import { Copy } from "../parts/copy.tsx";
import { State } from "../parts/icons.tsx";
import { Left } from "../parts/left.tsx";
import { receiptText } from "../receipts.ts";
import { addressOf, go } from "../route.ts";
import { hasEnded } from "../store.ts";
import { Actions } from "./actions.tsx";
import { Output } from "./output.tsx";
import { progressText, Reader } from "./reader.ts";
import { Timeline } from "./timeline.tsx";

export function JobPage({ job }: { job: string }) {
  const reader = useMemo(() => new Reader(job), [job]);
  useEffect(() => {
    void reader.read();
    return () => reader.stop();
  }, [reader]);
  useEffect(() => addKeys([{ keys: ["Backspace", "u"], what: "Back to the jobs", where: "Job", run: () => go("#/") }]), []);
  const view = reader.view.value;
  return (
    <>
      <div class="side">
        <Head reader={reader} name={job} />
        {view && <Timeline view={view} seen={reader.moments.value} deadline={reader.deadline.value} />}
        {view && <Outcome view={view} />}
      </div>
      <Output reader={reader} name={view?.connid ?? job} />
    </>
  );
}

function Head({ reader, name }: { reader: Reader; name: string }) {
  const view = reader.view.value;
  const status = reader.status.value;
  const progress = reader.progress.value;
  const deadline = reader.deadline.value;
  const link = new URL(view ? addressOf(view.job) : location.hash, location.href).href;
  const isOver = status !== undefined && hasEnded(status);
  return (
    <section class="card job-head">
      <p class="row crumbs">
        <a href="#/">Jobs</a>
        <span class="faint">{view?.route}</span>
      </p>
      <div class="row title">
        <h1>{view?.connid ?? name}</h1>
        {status && <State status={status} />}
      </div>
      {reader.trouble.value && (
        <p class="said is-wrong" role="alert">
          {reader.trouble.value}
        </p>
      )}
      <div class="c-left big">
        <Bar deadline={deadline ?? 0} time={view?.time ?? 1} isStill={isOver || deadline === undefined} />
        <span class="number">{isOver || deadline === undefined ? "" : <Left deadline={deadline} />}</span>
      </div>
      {progress && (
        <p class="progress">
          {progress.total ? (
            <span class="bar is-progress" aria-hidden="true">
              <i style={{ transform: `scaleX(${Math.min(1, (progress.done ?? 0) / progress.total)})` }} />
            </span>
          ) : null}
          <span class="note number">{progressText(progress)}</span>
        </p>
      )}
      {view && !isOver && <Actions view={view} status={status!} />}
      {view && <Facts view={view} />}
      <p class="row">
        <Copy text={link} what="the link to this job" />
        <span class="faint small-text">a link that works on another machine</span>
      </p>
    </section>
  );
}

function Facts({ view }: { view: JobView }) {
  const facts: [string, string | undefined][] = [
    ["Job", view.job],
    ["Who", view.by],
    ["Given", span(view.time)],
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
function Outcome({ view: { kill, error, result, clock, status } }: { view: JobView }) {
  if (!hasEnded(status)) return null;
  const text = result == null ? undefined : typeof result === "string" ? result : JSON.stringify(result, null, 2);
  return (
    <section class="card outcome" aria-labelledby="outcome-title">
      <h2 id="outcome-title">Outcome</h2>
      {kill && "ms" in kill && <p data-receipt="receipt">{receiptText(kill)}</p>}
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
