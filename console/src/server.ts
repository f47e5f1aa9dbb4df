// The one connection of the page, and how it is.
import { computed, signal } from "@preact/signals";
import { connect, type Client, type Link } from "longwire";
import { now } from "./clock.ts";

/** The first connection is tried until there is one. */
const AGAIN_MS = 1500;
/** So often the server is asked for a sign, while the page is seen. */
const SIGN_MS = 2000;
/** One that takes longer to answer is said not to. */
const SILENT_MS = 3000;

export type Connection = Link | { readonly state: "connecting"; readonly attempts: number; readonly why?: string };

export const connection = signal<Connection>({ state: "connecting", attempts: 0 });

/** Since when there is none, or what is shown may be old; by `performance.now()`. */
export const lostAt = signal<number | undefined>(undefined);

/** When the server has stopped waiting for jobs to end, by `performance.now()`; where it is stopping. */
export const stopsAt = signal<number | undefined>(undefined);

/** When it was asked what it has not answered, by `performance.now()`. */
const askedAt = signal<number | undefined>(undefined);

/** Since when nothing is answered, though there seems to be a connection. */
export const silentSince = computed(() => {
  const asked = askedAt.value;
  return asked !== undefined && isUp() && now.value - asked > SILENT_MS ? asked : undefined;
});

/** When it was last made anew: for a moment that is said. */
export const resumedAt = signal<number | undefined>(undefined);

let found: (client: Client) => void;
export const client = new Promise<Client>((resolve) => (found = resolve));

/** Of every event it is told when it happened. */
const address = new URL("ws?times=true", new URL(".", location.href)).href;

export async function open(): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      const made = await connect(address);
      made.onLink(take);
      take(made.link);
      setInterval(() => void sign(made), SIGN_MS);
      document.addEventListener("visibilitychange", () => void sign(made));
      return found(made);
    } catch (error) {
      connection.value = { state: "connecting", attempts, why: String((error as Error).message ?? error) };
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}

/** A network that is silent looks like one on which nothing happens, until something is asked. */
async function sign(made: Client): Promise<void> {
  if (askedAt.peek() !== undefined || document.hidden || !isUp()) return;
  askedAt.value = performance.now();
  await made.status({ limit: 1 }).catch(() => {});
  askedAt.value = undefined;
}

function take(link: Link): void {
  const before = connection.value.state;
  connection.value = link;
  if (link.state === "reconnecting" || link.state === "closed") lostAt.value ??= performance.now();
  else lostAt.value = undefined;
  stopsAt.value = link.state === "shutting_down" ? performance.now() + 1000 * link.left : undefined;
  // What was asked on the connection before is asked anew on this one.
  if (link.state === "connected" && askedAt.peek() !== undefined) askedAt.value = performance.now();
  if (link.state === "connected" && before === "reconnecting") resumedAt.value = performance.now();
}

export const isUp = (): boolean => connection.value.state === "connected" || connection.value.state === "shutting_down";
