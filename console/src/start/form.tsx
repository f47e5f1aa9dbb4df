import { useEffect } from "preact/hooks";
import { Refused } from "longwire";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { isNarrow } from "../parts/media.ts";
import { Copy } from "../parts/copy.tsx";
import { addressOf } from "../route.ts";
import { client, isUp, resumedAt } from "../server.ts";
import { tell } from "../told.ts";
import { begun, choose, connid, frame, onConflict, readRoutes, refused, route, routes, tags, time, view, wrong, wrongHere } from "./draft.ts";
import { InputFields } from "./input.tsx";
import { curlOf } from "./said.ts";

const origin = new URL(".", location.href).href;

async function start(event: Event): Promise<void> {
  event.preventDefault();
  if (!frame.value) return;
  refused.value = begun.value = undefined;
  const { route: name, input = null, ...options } = frame.value;
  if (!isUp()) return void (refused.value = { text: "There is no connection; this starts nothing until there is one.", field: undefined });
  try {
    const job = (await client).start(name as string, input, options);
    // Only the outcome is of no interest here.
    void job.then(() => {}, () => {});
    const accepted = await job.started;
    begun.value = { connid: accepted.connid, job: accepted.job };
    connid.value = "";
    job.leave();
  } catch (error) {
    const { message, field } = error as Refused;
    refused.value = { text: message, field: error instanceof Refused ? field : undefined };
    if (!(error instanceof Refused)) tell({ kind: "refusal", title: "Not started", text: message });
  }
}

/** As it was typed; what was refused of it may be right now. */
const typed = (what: { value: string }) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => {
  what.value = event.currentTarget.value;
  refused.value = undefined;
};

const isAbout = (field: string) => wrong.value?.field === field || undefined;

export function StartForm() {
  // Another run of the server may have others.
  const run = resumedAt.value;
  useEffect(() => void readRoutes().catch(() => {}), [run]);
  useEffect(() => addKeys([{ keys: ["n"], what: "A new start", where: "Jobs", run: () => document.getElementById("start-connid")?.focus() }]), []);
  return (
    <section class="card start" aria-labelledby="start-title">
      <h2 id="start-title">Start a job</h2>
      <form onSubmit={start} noValidate>
        <label>
          Route
          <select value={route.value} onChange={(event) => choose(event.currentTarget.value)}>
            {routes.value.map((each) => (
              <option key={each.route} value={each.route}>
                {each.route}
              </option>
            ))}
          </select>
        </label>
        <Terms />
        <div class="pair">
          <label>
            Name (connid)
            <input
              id="start-connid"
              value={connid.value}
              onInput={typed(connid)}
              placeholder="made for you"
              autocomplete="off"
              spellcheck={false}
              aria-invalid={isAbout("connid")}
              aria-describedby="start-said"
            />
          </label>
          <label>
            Time, seconds
            <input
              value={time.value}
              onInput={typed(time)}
              placeholder={String(view.value.time)}
              inputMode="decimal"
              autocomplete="off"
              aria-invalid={isAbout("time")}
              aria-describedby="start-said"
            />
          </label>
        </div>
        {(route.value !== "request" || view.value.schema != null) && <InputFields />}
        <details>
          <summary>Tags, and what to do if the name is in use</summary>
          <div class="pair">
            <label>
              Tags
              <input value={tags.value} onInput={typed(tags)} placeholder="march, reports" autocomplete="off" />
            </label>
            <label>
              If the name is in use
              <select value={onConflict.value} onChange={typed(onConflict)}>
                <option value="reject">refuse</option>
                <option value="attach">join that job</option>
                <option value="replace">kill that job first</option>
              </select>
            </label>
          </div>
        </details>
        <div class="row">
          <button class="primary" data-action="start" disabled={wrongHere.value !== undefined}>
            Start
          </button>
          <p class={wrong.value ? "said is-wrong" : "said"} id="start-said" role="status">
            {wrong.value?.text}
            {begun.value && !wrong.value && (
              <>
                Started <a href={addressOf(begun.value.job)}>{begun.value.connid}</a>
              </>
            )}
          </p>
        </div>
      </form>
      <details open={!isNarrow.value}>
        <summary>What it sends</summary>
        <Sent title="As a frame" id="sent-frame" text={frame.value && JSON.stringify(frame.value)} what="the frame" />
        <Sent title="With curl" id="sent-curl" text={frame.value && curlOf(frame.value, origin)} what="the curl command" />
      </details>
    </section>
  );
}

/** What the route is, and what it gives. */
function Terms() {
  const { route: name, description = name === "request" ? "Lets its time pass, and is done." : "", max_time, concurrency } = view.value;
  return (
    <p class="faint terms">
      {description && !/[.!?…]$/.test(description) ? `${description}.` : description} At most {span(max_time)}
      {concurrency ? `, ${concurrency} at once` : ""}.
    </p>
  );
}

function Sent({ title, id, text, what }: { title: string; id: string; text: string | undefined; what: string }) {
  return (
    <div class="sent">
      <h3>{title}</h3>
      {text !== undefined && <Copy text={text} what={what} />}
      <pre id={id} tabIndex={0} aria-label={title}>
        {text ?? "Nothing, until what is wrong above is mended."}
      </pre>
    </div>
  );
}
