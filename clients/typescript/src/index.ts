/// <reference lib="esnext.disposable" preserve="true" />
/** Start, watch and kill long-running requests on a Longwire server. */
export { connect } from "./connect.js";
export { newConnid, type Client, type Feed, type SearchOptions, type StartOptions, type StatusOptions, type Target } from "./client.js";
export type { ConnectOptions } from "./connection.js";
export { Disconnected, JobFailed, JobKilled, JobLost, JobTimeout, LongwireError, Refused, type DisconnectedCode } from "./errors.js";
export type { Gap, Handle } from "./handle.js";
export type { Accepted, Job, JobEvent, KillOptions } from "./job.js";
export type { Link } from "./link.js";
export type * from "./protocol.js";
export type { WebSocketKind, WebSocketLike } from "./websocket/kind.js";
export type { HeldJob } from "./worker/held.js";
export { Worker, type RunOptions, type WorkerOptions } from "./worker/worker.js";
