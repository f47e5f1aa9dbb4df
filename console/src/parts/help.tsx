import { signal } from "@preact/signals";
import { allKeys, areOn, turnKeys } from "../keys.ts";
import { Dialog } from "./dialog.tsx";

export const isHelpOpen = signal(false);

const NAMES: Record<string, string> = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Delete: "Del" };

export function Help() {
  if (!isHelpOpen.value) return null;
  const close = () => (isHelpOpen.value = false);
  const places = [...new Set(allKeys().map(({ where }) => where))];
  return (
    <Dialog title="Keyboard shortcuts" onClose={close}>
      <div class="keys">
        {places.map((where) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {allKeys()
                .filter((each) => each.where === where)
                .map(({ keys, what }) => (
                  <div key={what}>
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{NAMES[key] ?? key}</kbd>
                      ))}
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="row">
        <label class="check">
          <input type="checkbox" checked={areOn.value} onChange={(event) => turnKeys(event.currentTarget.checked)} /> Keys of one letter, and Del, work
        </label>
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
