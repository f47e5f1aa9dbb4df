// Light or dark: the system's, or the one that was chosen here.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "longwire.theme";

/** A browser may refuse to keep anything. */
export const kept = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Then it holds for this visit.
    }
  },
};

const first = kept.get(KEY);
export const theme = signal<Theme>(first === "light" || first === "dark" ? first : "system");

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  kept.set(KEY, theme.value);
});

export function nextTheme(): void {
  theme.value = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
}
