import { signal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused, type RouteView } from "longwire";
import { span } from "../clock.ts";
import { addKeys } from "../keys.ts";
import { isNarrow } from "../parts/media.ts";
import { Copy } from "../parts/copy.tsx";
import { tell } from "../receipts.ts";
import { addressOf } from "../route.ts";
import { client, isUp, resumedAt } from "../server.ts";
import { InputFields } from "./input.tsx";
import { curlOf, frameOf } from "./said.ts";
import { fieldsOf, inputOf } from "./schema.ts";

const REQUEST: RouteView = { route: "request", time: 60, max_time: 604_800, kill_grace: 5, durable: true, queued: 0, running: 0 };
export const routes = signal<readonly RouteView[]>([REQUEST]);

export async function readRoutes(): Promise<void> {
  const page = await (await client).routes();
  // The built-in one first: it asks for nothing.
  routes.value = page.routes.toSorted((one, other) => Number(other.route === "request") - Number(one.route === "request"));
}

const origin = new URL(".", location.href).href;

/** What is wrong: a sentence, and the field that it is about. */
interface Wrong {
  readonly text: string;
  readonly field: string | undefined;
}

export function StartForm() {
  const route = useSignal("request");
  const connid = useSignal("");
  const time = useSignal("30");
  const tags = useSignal("");
  const onConflict = useSignal("reject");
  const values = useSignal<Record<string, string>>({});
  const json = useSignal("");
  const asJson = useSignal(false);
  const wrong = useSignal<Wrong | undefined>(undefined);
  const begun = useSignal<{ connid: string; job: string } | undefined>(undefined);

  const view = useComputed(() => routes.value.find((each) => each.route === route.value) ?? REQUEST);
  const fields = useComputed(() => (asJson.value ? undefined : fieldsOf(view.value.schema)));
  const input = useComputed(() => {
    if (fields.value) return inputOf(fields.value, values.value);
    if (json.value.trim() === "") return undefined;
    try {
      return JSON.parse(json.value) as unknown;
    } catch {
      return json.value;
    }
  });
  const frame = useComputed(() =>
    frameOf({ route: route.value, connid: connid.value, time: time.value, input: input.value, tags: tags.value, onConflict: onConflict.value }),
  );

  // Another run of the server may have others.
  const run = resumedAt.value;
  useEffect(() => void readRoutes().catch(() => {}), [run]);
  useEffect(() => addKeys([{ keys: ["n"], what: "A new start", where: "Jobs", run: () => document.getElementById("start-connid")?.focus() }]), []);

  const choose = (name: string) => {
    route.value = name;
    time.value = name === "request" ? "30" : "";
    values.value = {};
    json.value = "";
    wrong.value = undefined;
  };

  const start = async (event: Event) => {
    event.preventDefault();
    wrong.value = begun.value = undefined;
    const { route: name, input: what = null, ...options } = frame.value;
    if (!isUp()) return void (wrong.value = { text: "There is no connection; this starts nothing until there is one.", field: undefined });
    try {
      const job = (await client).start(name as string, what, options);
      // Only the outcome is of no interest here.
      void job.then(() => {}, () => {});
      const accepted = await job.started;
      begun.value = { connid: accepted.connid, job: accepted.job };
      connid.value = "";
      job.leave();
    } catch (error) {
      const { message, field } = error as Refused;
      wrong.value = { text: message, field: error instanceof Refused ? field : undefined };
      if (!(error instanceof Refused)) tell({ kind: "refusal", title: "Not started", text: message });
    }
  };
  const isAbout = (field: string) => wrong.value?.field === field || undefined;

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
        <p class="faint terms">
          {view.value.description ?? (route.value === "request" ? "Lets its time pass, and is done." : "")} At most {span(view.value.max_time)}
          {view.value.concurrency ? `, ${view.value.concurrency} at once` : ""}.
        </p>
        <div class="pair">
          <label>
            Connid
            <input
              id="start-connid"
              value={connid.value}
              onInput={(event) => (connid.value = event.currentTarget.value)}
              placeholder="made for you"
              autocomplete="off"
              spellcheck={false}
              aria-invalid={isAbout("connid")}
            />
          </label>
          <label>
            Time, seconds
            <input
              value={time.value}
              onInput={(event) => (time.value = event.currentTarget.value)}
              placeholder={String(view.value.time)}
              inputMode="decimal"
              autocomplete="off"
              aria-invalid={isAbout("time")}
            />
          </label>
        </div>
        {(route.value !== "request" || view.value.schema != null) && (
          <InputFields fields={fields.value} hasForm={fieldsOf(view.value.schema) !== undefined} values={values} json={json} asJson={asJson} wrong={wrong.value?.field} />
        )}
        <details>
          <summary>Tags, conflict</summary>
          <div class="pair">
            <label>
              Tags
              <input value={tags.value} onInput={(event) => (tags.value = event.currentTarget.value)} placeholder="march, reports" autocomplete="off" />
            </label>
            <label>
              Where the connid runs
              <select value={onConflict.value} onChange={(event) => (onConflict.value = event.currentTarget.value)}>
                <option value="reject">refuse</option>
                <option value="attach">join it</option>
                <option value="replace">kill it first</option>
              </select>
            </label>
          </div>
        </details>
        <div class="row">
          <button class="primary" data-action="start">
            Start
          </button>
          <p class={wrong.value ? "said is-wrong" : "said"} role="status">
            {wrong.value?.text}
            {begun.value && (
              <>
                Started <a href={addressOf(begun.value.job)}>{begun.value.connid}</a>
              </>
            )}
          </p>
        </div>
      </form>
      <details open={!isNarrow.value}>
        <summary>What it sends</summary>
        <Sent title="As a frame" id="sent-frame" text={JSON.stringify(frame.value)} what="the frame" />
        <Sent title="With curl" id="sent-curl" text={curlOf(frame.value, origin)} what="the curl command" />
      </details>
    </section>
  );
}

function Sent({ title, id, text, what }: { title: string; id: string; text: string; what: string }) {
  return (
    <div class="sent">
      <h3>{title}</h3>
      <Copy text={text} what={what} />
      <pre id={id} tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </div>
  );
}
