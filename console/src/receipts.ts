// What came of the kills that were asked for here.
import { signal } from "@preact/signals";
import { Refused, type Receipt } from "longwire";
import { brief } from "./clock.ts";
import { client, isUp } from "./server.ts";

/** Something to be told, until it is put away. */
export interface Told {
  readonly id: number;
  readonly kind: "receipt" | "refusal" | "note";
  readonly title: string;
  readonly text: string;
  readonly job?: string | undefined;
}

const MOST = 4;
/** Kills that are under way at once. */
const AT_ONCE = 64;

export const told = signal<readonly Told[]>([]);
let last = 0;

export function tell(what: Omit<Told, "id">): void {
  told.value = [...told.value, { ...what, id: ++last }].slice(-MOST);
}

export const putAway = (id: number): void => void (told.value = told.value.filter((each) => each.id !== id));

/** What a receipt says. */
export function receiptText({ by, reason, forced, ms, survivors, signals }: Receipt): string {
  const alive = survivors == null ? "" : survivors === 0 ? ", nothing left alive" : `, ${survivors} still alive`;
  const sent = signals?.length ? ` by ${signals.join(", ")}` : "";
  return `Ended in ${brief(ms)}, ${forced ? "by force" : "not forced"}${sent}${alive}. By ${by}${reason ? `: ${reason}` : ""}.`;
}

export interface Target {
  readonly job: string;
  readonly connid: string;
}

/** What is asked without a connection would be done when there is one, and nobody thinks of it any more. */
export function tellNoConnection(): void {
  tell({ kind: "refusal", title: "There is no connection", text: "Nothing was done. Try again once there is one." });
}

/** Kills one, and tells its receipt. */
export async function killOne({ connid, job }: Target, reason?: string): Promise<void> {
  if (!isUp()) return tellNoConnection();
  try {
    const { ended } = await (await client).kill(connid, reason || undefined, { wait: true });
    const kill = ended?.kill;
    if (kill) tell({ kind: "receipt", title: `${connid} is killed`, text: receiptText(kill), job });
    else tell({ kind: "note", title: `${connid} was quicker`, text: `It ended ${ended?.status ?? "by itself"} before the kill.`, job });
  } catch (error) {
    tell({ kind: "refusal", title: `${connid} was not killed`, text: (error as Error).message, job });
  }
}

/** Kills many, and tells what came of it in one receipt. */
export async function killMany(targets: readonly Target[], reason?: string): Promise<void> {
  if (targets.length === 1) return killOne(targets[0]!, reason);
  if (!isUp()) return tellNoConnection();
  const server = await client;
  const receipts: Receipt[] = [];
  const waiting = [...targets];
  let quicker = 0;
  const failures: string[] = [];
  const work = async () => {
    for (let next; (next = waiting.shift()); ) {
      try {
        const { ended } = await server.kill(next.connid, reason || undefined, { wait: true });
        if (ended?.kill) receipts.push(ended.kill);
        else quicker++;
      } catch (error) {
        if (error instanceof Refused && error.code === "already_ended") quicker++;
        else failures.push(`${next.connid}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  tell({ kind: failures.length > 0 ? "refusal" : "receipt", title: `${receipts.length} of ${targets.length} are killed`, text: summary(receipts, quicker, failures) });
}

function summary(receipts: readonly Receipt[], quicker: number, failures: readonly string[]): string {
  const forced = receipts.filter((each) => each.forced).length;
  const slowest = receipts.reduce((most, each) => Math.max(most, each.ms), 0);
  const alive = receipts.reduce((sum, each) => sum + (each.survivors ?? 0), 0);
  const parts = [`${forced} by force`, `the slowest in ${brief(slowest)}`, alive === 0 ? "nothing left alive" : `${alive} processes still alive`];
  if (quicker > 0) parts.push(`${quicker} had ended before`);
  if (failures.length > 0) parts.push(`${failures.length} refused, the first ${failures[0]}`);
  return `${parts.join(", ")}.`;
}
