import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { killMany } from "../receipts.ts";
import type { Row } from "../store.ts";
import { marked } from "./view.ts";

const NAMED = 5;

/** Many are killed only after their number was seen. */
export function ConfirmKills({ targets, onClose }: { targets: readonly Row[]; onClose: () => void }) {
  const reason = useSignal("");
  // Those that were marked when it was asked, not those that end or come meanwhile.
  const those = useRef(targets).current;
  const jobs = those.length === 1 ? "1 job" : `${those.length.toLocaleString()} jobs`;
  const kill = (event: Event) => {
    event.preventDefault();
    void killMany(those, reason.value.trim());
    marked.value = new Set();
    onClose();
  };
  return (
    <Dialog title={`Kill ${jobs}?`} onClose={onClose}>
      <p class="names">
        {those
          .slice(0, NAMED)
          .map(({ connid }) => connid)
          .join(", ")}
        {those.length > NAMED && ` and ${(those.length - NAMED).toLocaleString()} more`}
      </p>
      <form onSubmit={kill}>
        <label>
          Reason, for whoever runs or watches them
          <input value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} maxLength={1000} autocomplete="off" />
        </label>
        <p class="row">
          <button class="danger solid" data-action="confirm-kill">
            Kill {jobs}
          </button>
          <button type="button" onClick={onClose}>
            Leave them
          </button>
        </p>
      </form>
    </Dialog>
  );
}
