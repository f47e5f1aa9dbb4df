import { addressOf } from "../route.ts";
import { putAway, told } from "../receipts.ts";

/** Receipts and refusals, over the page's foot; read aloud as they come. */
export function ToldList() {
  return (
    <section class="told" aria-label="Receipts">
      <ul aria-live="polite">
        {told.value.map(({ id, kind, title, text, job }) => (
          <li key={id} class={`card is-${kind}`} data-receipt={kind}>
            <div>
              <strong>{title}</strong>
              <p>{text}</p>
              {job && <a href={addressOf(job)}>Its page</a>}
            </div>
            <button type="button" class="icon" aria-label={`Put away: ${title}`} onClick={() => putAway(id)}>
              ×
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
