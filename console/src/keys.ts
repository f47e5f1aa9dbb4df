// Keys for everything, in one table; the page of shortcuts is made of it. Keys of one letter can be turned off (WCAG 2.1.4).
import { signal } from "@preact/signals";
import { kept } from "./theme.ts";

export interface Key {
  readonly keys: readonly string[];
  readonly what: string;
  readonly where: string;
  /** Left out where an element takes the key itself, so that it is only listed. */
  readonly run?: (event: KeyboardEvent) => void;
}

const KEPT = "longwire.keys";
export const areOn = signal(kept.get(KEPT) !== "off");
export function turnKeys(on: boolean): void {
  areOn.value = on;
  kept.set(KEPT, on ? "on" : "off");
}

const groups = signal<readonly (readonly Key[])[]>([]);
export const allKeys = (): readonly Key[] => groups.value.flat();

/** Adds keys; what it returns takes them away. */
export function addKeys(keys: readonly Key[]): () => void {
  groups.value = [...groups.value, keys];
  return () => (groups.value = groups.value.filter((each) => each !== keys));
}

const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) && (target as HTMLInputElement).type !== "checkbox";

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (takesText(event.target)) {
    if (event.key === "Escape") (event.target as HTMLElement).blur();
    return;
  }
  if (document.querySelector("dialog[open]") || (!areOn.value && event.key.length === 1)) return;
  const isPressed = event.target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName) && (event.key === "Enter" || event.key === " ");
  const found = isPressed ? undefined : allKeys().findLast(({ keys, run }) => run && keys.includes(event.key));
  if (!found) return;
  event.preventDefault();
  found.run!(event);
});
