import type { HeldJob } from "./held.js";

/** The bound of servers on a frame, unless an operator has set another; one that is larger would cost the connection. */
const MOST_LETTERS = 1_000_000;

/** What a function of a worker may be. */
export type Serve = (job: HeldJob<any>) => unknown;

/** Runs a function for a job, and says what to end the job with. */
export async function outcomeOf(serve: Serve, job: HeldJob): Promise<object> {
  try {
    return bounded({ result: await serve(job) });
  } catch (error) {
    return isTold(job, error) ? {} : { error: failureOf(error) };
  }
}

/** Whether it ended because it was told to. */
function isTold({ signal }: HeldJob, error: unknown): boolean {
  return signal.aborted && (error === signal.reason || (error as Error)?.name === "AbortError");
}

function bounded(outcome: { result: unknown }): object {
  // Also where it is nothing that JSON has, as undefined.
  const { length } = JSON.stringify(outcome);
  if (length <= MOST_LETTERS) return outcome;
  throw Object.assign(new Error(`the result has ${length} letters as JSON; ${MOST_LETTERS} are the most`), { code: "too_large" });
}

/** A failure in the protocol's words: nothing of the stack. */
function failureOf(error: unknown): object {
  const { code, name, message = String(error), detail } = (error ?? {}) as Record<string, unknown>;
  const words = [code, typeof name === "string" ? name.toLowerCase() : undefined, "error"];
  const isWord = (word: unknown) => typeof word === "string" && /^[\w.-]{1,64}$/.test(word);
  return { code: words.find(isWord), message: String(message).slice(0, 4096), detail };
}
