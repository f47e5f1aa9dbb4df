import type { Disconnected } from "./errors.js";

/** How the connection is doing. */
export type Link =
  /** There is one. */
  | { readonly state: "connected" }
  /** There is one, and its server is stopping: jobs that run have `left` seconds to end. */
  | { readonly state: "shutting_down"; readonly left: number }
  /** It broke, and is being made anew: how often that was tried, and why there is none. */
  | { readonly state: "reconnecting"; readonly attempts: number; readonly why: Disconnected }
  /** There will be none any more. */
  | { readonly state: "closed"; readonly why: Disconnected };
