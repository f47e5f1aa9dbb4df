import { MOST_TRIES, noReply, type Ask } from "./asks.js";
import type { Job } from "./job.js";
import type { Start } from "./protocol.js";

/**
 * A start. One whose answer was lost may have been heard, so it is not simply sent again, and no work is done twice.
 *
 * A job whose connid was made for this one start is looked for first, and only one that is not known is started again, to be joined
 * where the first start comes late. With a connid
 * of the user's it is joined where it runs; with `replace` the job to be replaced may still be the one that runs.
 */
export function startAsk(start: Start, isMade: boolean, job: Pick<Job, "opened" | "failed">): Ask {
  let isLookedFor = false;
  let isUnheard = false;
  return {
    frame(tries) {
      isLookedFor = isMade && tries > 1 && !isUnheard;
      isUnheard = false;
      if (isLookedFor) return { route: "watch", connid: start.connid, after: 1 };
      if (tries > 1 && (isMade || start.on_conflict !== "replace")) return { ...start, on_conflict: "attach" };
      return start;
    },
    // Whoever starts a job need not be told that it was accepted, whichever way the answer came.
    answer: (frame) => job.opened(frame, 1),
    again({ code }, tries) {
      isUnheard = isLookedFor && code === "unknown_connid";
      return isUnheard && tries < MOST_TRIES;
    },
    fail: (error, tries) => job.failed(isUnheard ? noReply(tries) : error),
  };
}
