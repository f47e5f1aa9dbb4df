// What is about to be started. It is there until the page is closed: who looks at another page finds it as it was left.
import { batch, computed, signal } from "@preact/signals";
import type { RouteView } from "longwire";
import { client } from "../server.ts";
import { readJson, readNumber } from "./json.ts";
import { frameOf } from "./said.ts";
import { fieldsOf, inputOf, valuesOf } from "./schema.ts";

/** What is wrong: a sentence, and the field that it is about. */
export interface Wrong {
  readonly text: string;
  readonly field: string | undefined;
}

const REQUEST: RouteView = { route: "request", time: 60, max_time: 604_800, kill_grace: 5, durable: true, queued: 0, running: 0 };
export const routes = signal<readonly RouteView[]>([REQUEST]);

export async function readRoutes(): Promise<void> {
  const page = await (await client).routes();
  // The built-in one first: it asks for nothing.
  routes.value = page.routes.toSorted((one, other) => Number(other.route === "request") - Number(one.route === "request"));
}

export const route = signal("request");
export const connid = signal("");
export const time = signal("30");
export const tags = signal("");
export const onConflict = signal("reject");
/** What the fields of the form hold, by their names. */
export const values = signal<Readonly<Record<string, string>>>({});
export const json = signal("");
/** Whether the input is written as JSON though there is a form. */
export const asJson = signal(false);
/** What the server refused, until something is changed. */
export const refused = signal<Wrong | undefined>(undefined);
export const begun = signal<{ readonly connid: string; readonly job: string } | undefined>(undefined);

export const view = computed(() => routes.value.find((each) => each.route === route.value) ?? REQUEST);
/** The fields that the route's schema makes, if a form can say all that it lets be said. */
export const form = computed(() => fieldsOf(view.value.schema));
export const fields = computed(() => (asJson.value ? undefined : form.value));

type Said = { readonly input: unknown } | { readonly wrong: Wrong };

const input = computed<Said>(() => {
  if (fields.value) {
    const read = inputOf(fields.value, values.value);
    return "wrong" in read ? { wrong: { text: read.wrong, field: read.field } } : read;
  }
  if (json.value.trim() === "") return { input: undefined };
  const read = readJson(json.value);
  return "wrong" in read ? { wrong: { text: `"input", ${read.wrong}`, field: "input" } } : { input: read.value };
});

const seconds = computed(() => {
  const text = time.value.trim();
  if (text === "") return { value: undefined };
  const read = readNumber(text);
  return "wrong" in read ? { wrong: { text: `"time": ${read.wrong}; got ${JSON.stringify(text)}`, field: "time" } } : (read as { value: number });
});

/** What is wrong without asking the server; as long as it is, nothing can be started. */
export const wrongHere = computed<Wrong | undefined>(() => ("wrong" in seconds.value ? seconds.value.wrong : "wrong" in input.value ? input.value.wrong : undefined));
export const wrong = computed(() => wrongHere.value ?? refused.value);

/** What will be sent. */
export const frame = computed(() => {
  if ("wrong" in seconds.value || "wrong" in input.value) return undefined;
  return frameOf({ route: route.value, connid: connid.value, time: seconds.value.value, input: input.value.input, tags: tags.value, onConflict: onConflict.value });
});

export function choose(name: string): void {
  batch(() => {
    route.value = name;
    time.value = name === "request" ? "30" : "";
    values.value = {};
    json.value = "";
    asJson.value = false;
    refused.value = undefined;
  });
}

/** What the JSON says as fields; nothing where the fields cannot say it. */
export const asFields = computed(() => {
  if (!form.value) return undefined;
  if (json.value.trim() === "") return {};
  const read = readJson(json.value);
  return "wrong" in read ? undefined : valuesOf(form.value, read.value);
});

/** Goes over from the fields to JSON, or back, with what was filled in. */
export function writeAsJson(isJson: boolean): void {
  batch(() => {
    if (isJson) {
      const said = form.value && inputOf(form.value, values.value);
      if (said && "input" in said) json.value = JSON.stringify(said.input, null, 2);
      asJson.value = true;
    } else if (asFields.value) {
      values.value = asFields.value;
      asJson.value = false;
    }
  });
}
