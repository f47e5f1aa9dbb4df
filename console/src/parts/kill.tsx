import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Dialog } from "./dialog.tsx";

interface Props {
  readonly title: string;
  /** What the button that does it says, and the one that does not. */
  readonly yes: string;
  readonly no: string;
  readonly onKill: (reason: string) => void;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** What a server takes. */
const REASON_BYTES = 1024;

/** Asks before something is killed, and for what reason. */
export function KillDialog({ title, yes, no, onKill, onClose, children }: Props) {
  const reason = useSignal("");
  const over = new TextEncoder().encode(reason.value.trim()).length - REASON_BYTES;
  const kill = (event: Event) => {
    event.preventDefault();
    if (over > 0) return;
    onKill(reason.value.trim());
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <form onSubmit={kill}>
        <label>
          Reason, for whoever runs or watches it
          <input value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} aria-invalid={over > 0 || undefined} autocomplete="off" />
        </label>
        {over > 0 && (
          <p class="said is-wrong" role="status">
            Too long by {over.toLocaleString()} bytes.
          </p>
        )}
        <p class="row">
          <button class="danger solid" data-action="confirm-kill" disabled={over > 0}>
            {yes}
          </button>
          <button type="button" onClick={onClose}>
            {no}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
