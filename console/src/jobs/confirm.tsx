import { useRef } from "preact/hooks";
import { KillDialog } from "../parts/kill.tsx";
import { killMany } from "../receipts.ts";
import type { Row } from "../store.ts";
import { mark } from "./view.ts";

const NAMED = 5;

/** Many are killed only after their number was seen, and one that may be mistaken for another after its name was. */
export function ConfirmKills({ targets, onClose }: { targets: readonly Row[]; onClose: () => void }) {
  // Those that were meant when it was asked, not those that end or come meanwhile.
  const those = useRef(targets).current;
  const isOne = those.length === 1;
  const { connid, route, status } = those[0]!;
  const count = `${those.length.toLocaleString()} jobs`;
  const kill = (reason: string) => {
    void killMany(those, reason);
    mark(those.map(({ job }) => job), false);
  };
  return (
    <KillDialog title={`Kill ${isOne ? connid : count}?`} yes={isOne ? "Kill it" : `Kill ${count}`} no={isOne ? "Leave it" : "Leave them"} onKill={kill} onClose={onClose}>
      <p class="names">
        {isOne
          ? `${route}, ${status}`
          : those
              .slice(0, NAMED)
              .map((each) => each.connid)
              .join(", ")}
        {those.length > NAMED && ` and ${(those.length - NAMED).toLocaleString()} more`}
      </p>
    </KillDialog>
  );
}
