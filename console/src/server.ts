// The one connection of the page, and how it is.
import { signal } from "@preact/signals";
import { connect, type Client, type Link } from "longwire";

/** The first connection is tried until there is one. */
const AGAIN_MS = 1500;

export type Connection = Link | { readonly state: "connecting"; readonly attempts: number; readonly why?: string };

export const connection = signal<Connection>({ state: "connecting", attempts: 0 });

/** Since when there is none, or what is shown may be old; by `performance.now()`. */
export const lostAt = signal<number | undefined>(undefined);

/** When it was last made anew: for a moment that is said. */
export const resumedAt = signal<number | undefined>(undefined);

let found: (client: Client) => void;
export const client = new Promise<Client>((resolve) => (found = resolve));

const address = new URL(".", location.href).href;

export async function open(): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      const made = await connect(address);
      made.onLink(take);
      take(made.link);
      return found(made);
    } catch (error) {
      connection.value = { state: "connecting", attempts, why: String((error as Error).message ?? error) };
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}

function take(link: Link): void {
  const before = connection.value.state;
  connection.value = link;
  if (link.state === "reconnecting" || link.state === "closed") lostAt.value ??= performance.now();
  else lostAt.value = undefined;
  if (link.state === "connected" && before === "reconnecting") resumedAt.value = performance.now();
}

export const isUp = (): boolean => connection.value.state === "connected" || connection.value.state === "shutting_down";
