import { wellFormed } from "../bytes.js";
import type { Refused } from "../errors.js";
import type { EndJob, WorkError } from "../protocol.js";
import type { HeldJob } from "./held.js";

/** What a job is ended with. */
export type Outcome = Pick<EndJob, "result" | "error">;

/** What a function of a worker may be. */
export type Serve = (job: HeldJob<any>) => unknown;

/** Runs a function for a job, and says what to end the job with. */
export async function outcomeOf(serve: Serve, job: HeldJob): Promise<Outcome> {
  try {
    // As it is now. Where it is nothing that JSON has, as undefined, there is none.
    return JSON.parse(JSON.stringify({ result: await serve(job) })) as Outcome;
  } catch (error) {
    return isTold(job, error) ? {} : { error: failureOf(error) };
  }
}

/** Whether it ended because it was told to. */
function isTold({ signal }: HeldJob, error: unknown): boolean {
  return signal.aborted && (error === signal.reason || (error as Error)?.name === "AbortError");
}

/** What to end the job with instead of what was refused, as it is too large, or no JSON. */
export function insteadOf({ error }: Outcome, { code, message }: Refused): Outcome {
  if (!error) return { error: { code, message } };
  return { error: { code: error.code, message: `${error.message} (its detail was left out: ${message})` } };
}

/** A failure in the protocol's words: nothing of the stack. */
function failureOf(error: unknown): WorkError {
  const { code, name, message = String(error), detail } = (error ?? {}) as Record<string, unknown>;
  const words = [code, typeof name === "string" ? name.toLowerCase() : undefined, "error"];
  const isWord = (word: unknown) => typeof word === "string" && /^[\w.-]{1,64}$/.test(word);
  return { code: words.find(isWord) as string, message: wellFormed(String(message).slice(0, 4096)), detail };
}
