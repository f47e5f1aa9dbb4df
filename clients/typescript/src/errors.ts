import type { Clock, Code, EndedView, EventFrame, Receipt, RefusalFrame } from "./protocol.js";

/** Anything that goes wrong here. Its `code` is a stable word to build on; its message is for people, and may change. */
export class LongwireError extends Error {
  /** The stable word for it. */
  declare readonly code: string;

  /** @internal */
  constructor(name: string, code: string, message: string, more?: object) {
    super(message);
    // Class names do not outlive minification.
    Object.assign(this, { name, code, ...more });
  }
}

/** What was asked was refused, by the server, or here, where it cannot be sent. Nothing was changed. */
export class Refused extends LongwireError {
  /** Why: one of the protocol's words. */
  declare readonly code: Code;
  /** The field that was wrong, where it was one. */
  declare readonly field: string | undefined;
  /** How the job had ended, where the refusal is that it had. */
  declare readonly ended: EndedView | undefined;

  /** @internal */
  constructor({ code, message, field, ended }: Pick<RefusalFrame, "code" | "message" | "field" | "ended">) {
    super("Refused", code, message, { field, ended });
  }
}

/** Why there is no connection: what {@link Disconnected.code} may be. */
export type DisconnectedCode =
  /** The address is none of a server. */
  | "invalid_address"
  /** There is no WebSocket here: Node before 22 needs the package `ws`, or one in the options. */
  | "no_websocket"
  /** Nobody answers at the address, or who does is no Longwire. */
  | "unreachable"
  /** The connection broke; it is made anew by itself. */
  | "connection_lost"
  /** The server closed the connection for a reason for which there is no use in coming back. */
  | "closed_by_server"
  /** The server sent what means nothing here, or answered something else; or it left out events of the job, time and again. */
  | "unexpected_frame"
  /** What was asked was sent five times, and each time the connection broke before an answer. */
  | "no_reply"
  /** The client was closed here, or the job's handle was let go of. */
  | "closed";

/** There is no connection, so what was asked is not answered. Jobs go on. Where a signal closed the client, `cause` is its reason. */
export class Disconnected extends LongwireError {
  declare readonly code: DisconnectedCode;

  /** @internal */
  constructor(code: DisconnectedCode, message: string, more?: { cause: unknown }) {
    super("Disconnected", code, message, more);
  }
}

/** What the server sent cannot be. @internal */
export const unexpected = (why: unknown, frame: unknown): Disconnected =>
  new Disconnected("unexpected_frame", `${why}: ${JSON.stringify(frame).slice(0, 200)}`);

/** The job failed. The `code` is that of the failure: the worker's, the command's, the upstream's. */
export class JobFailed extends LongwireError {
  /** More for programs, such as the code that a command exited with. */
  declare readonly detail: unknown;
  /** The last event. */
  declare readonly event: EventFrame;

  /** @internal */
  constructor(event: EventFrame) {
    const { code = "failed", message = code, detail } = event.error ?? {};
    super("JobFailed", code, message, { detail, event });
  }
}

/** The job was killed; to a worker's function: it is being killed. */
export class JobKilled extends LongwireError {
  /** The receipt: who killed it and why, and what it took. To a worker's function, whose job is yet to end, only the first two are there. */
  declare readonly receipt: Receipt;
  /** The last event; to a worker's function that which says so. */
  declare readonly event: EventFrame;

  /** @internal */
  constructor(event: EventFrame) {
    const receipt = event.kill as Receipt | undefined;
    super("JobKilled", "killed", `killed by ${receipt?.by}: ${receipt?.reason ?? "no reason given"}`, { receipt, event });
  }
}

/** One of the job's clocks ran out. */
export class JobTimeout extends LongwireError {
  /** Which. */
  declare readonly clock: Clock | undefined;
  /** The last event; to a worker's function that which says so. */
  declare readonly event: EventFrame;

  /** @internal */
  constructor(event: EventFrame) {
    const { clock } = event;
    super("JobTimeout", "timeout", `out of time: ${clock}`, { clock, event });
  }
}

/** Whoever served the job is gone; to a worker's function: the job is no longer its own, so what it still says is heard by nobody. */
export class JobLost extends LongwireError {
  /** The last event, where there is one. */
  declare readonly event: EventFrame | undefined;

  /** @internal */
  constructor(event?: EventFrame) {
    super("JobLost", "lost", event?.error?.message ?? "whoever served it is gone", { event });
  }
}

/** What each outcome is to who waits for the result: nothing that is thrown, or an error. */
const OUTCOMES = { ok: undefined, failed: JobFailed, killed: JobKilled, timeout: JobTimeout, lost: JobLost };

/** Whether a job's status is its last. @internal */
export const hasEnded = (status: unknown): status is keyof typeof OUTCOMES => Object.hasOwn(OUTCOMES, status as string);

/** What a last event is to who waits for the result; nothing where it is `ok`. @internal */
export function failureOf(event: EventFrame): LongwireError | undefined {
  const Failure = OUTCOMES[event.status as keyof typeof OUTCOMES];
  return Failure && new Failure(event);
}
