import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addressOf } from "../route.ts";
import { isRead, latest, putAway, told, type Told } from "../told.ts";

export const isListOpen = signal(false);

/** Receipts and refusals: the last in a line at the page's foot, which covers nothing; the others in a list above it. Read aloud as they come. */
export function ToldList() {
  const last = latest.value;
  const { length } = told.value;
  const isOpen = isListOpen.value && length > 0;
  const read = () => (isRead.value = true);
  const leave = () => (isRead.value = isOpen);
  const close = (event: KeyboardEvent) => event.key === "Escape" && (isListOpen.value = false);
  useEffect(() => void leave(), [isOpen]);
  return (
    <section class={last || isOpen ? "told is-there" : "told"} aria-label="Receipts" onPointerEnter={read} onFocusIn={read} onPointerLeave={leave} onFocusOut={leave} onKeyDown={close}>
      {isOpen && (
        <div class="card told-all">
          <ul>{told.value.toReversed().map((each) => each.id !== last?.id && <li key={each.id}><One {...each} /></li>)}</ul>
        </div>
      )}
      <div class="told-last" aria-live="polite">
        {last && <One key={last.id} {...last} />}
      </div>
      {(last || isOpen) && length > 1 && (
        <p class="told-tools">
          <button type="button" class="small" data-action="receipts" aria-expanded={isOpen} onClick={() => (isListOpen.value = !isOpen)}>
            {length.toLocaleString()} receipts
          </button>
          {isOpen && (
            <button type="button" class="small" onClick={() => (told.value = [])}>
              Put all away
            </button>
          )}
        </p>
      )}
    </section>
  );
}

/** What runs is read aloud by its title alone, which changes only where there is something to know. */
function One({ id, kind, title, text, job, isRunning }: Told) {
  return (
    <div class={`one is-${kind}`} data-receipt={kind}>
      <p>
        <strong>{title}</strong> <span aria-hidden={isRunning}>{text}</span> {job && <a href={addressOf(job)}>Its page</a>}
      </p>
      <button type="button" class="icon" aria-label={`Put away: ${title}`} onClick={() => putAway(id)}>
        ×
      </button>
    </div>
  );
}
