import type { Ask } from "./asks.js";
import { hasEnded, LongwireError } from "./errors.js";
import type { Heard } from "./heard.js";
import type { Job } from "./job.js";
import type { OnConflict, Start } from "./protocol.js";

/** Routes that are none of a job: a start named `kill` would kill. */
const VERBS = "kill status watch unwatch extend routes query/module modules claim append end".split(" ");

/**
 * A start. One whose answer was lost may have been heard, so it is not simply sent again, and no work is done twice.
 *
 * A job whose connid was made for this one start is looked for first, and only one that is not known is started again, to be joined
 * where the first start comes late. With a connid of the user's it is joined where it runs; with `replace` only where what runs is
 * not the job that is to be replaced, which is older than the start.
 */
export function startAsk(start: Start, isMade: boolean, job: Pick<Job, "opened" | "failed">): Ask {
  const { route, connid } = start;
  const look = isMade ? { route: "watch", connid, after: 1 } : start.on_conflict === "replace" && { route: "status", connid };
  let since = 0;
  let isLookedFor = false;
  /** As what to send it again. */
  let on_conflict: OnConflict | undefined;
  return {
    frame(tries) {
      if (tries < 2) {
        if (VERBS.includes(route)) throw new LongwireError("", "unknown_route", `${route} is a verb`, { field: "route" });
        // As it is now, whatever becomes of it until it is sent again.
        start.input = JSON.parse(JSON.stringify(start.input));
        since = Date.now();
        return start;
      }
      isLookedFor = !!look && !on_conflict;
      const again = { ...start, on_conflict: on_conflict ?? "attach" };
      on_conflict = undefined;
      return isLookedFor ? (look as object) : again;
    },
    answer(frame: Heard) {
      if (isMade || !isLookedFor) return job.opened(frame, 1);
      const isOlder = frame.jobs!.some(({ status, elapsed }) => !hasEnded(status) && elapsed * 1000 > Date.now() - since);
      on_conflict = isOlder ? "replace" : "attach";
      return true;
    },
    again({ code }) {
      if (isLookedFor && (code === "unknown_connid" || (!isMade && code === "expired"))) on_conflict = "attach";
      return !!on_conflict;
    },
    fail: (error) => job.failed(error),
  };
}
