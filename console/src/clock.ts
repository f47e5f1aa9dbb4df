// Time, for what counts by the second; bars move by themselves.
import { signal } from "@preact/signals";

/** `performance.now()`, each half second while the page is seen. */
export const now = signal(performance.now());

setInterval(() => {
  if (!document.hidden) now.value = performance.now();
}, 500);
document.addEventListener("visibilitychange", () => (now.value = performance.now()));

const two = (number: number) => String(Math.floor(number)).padStart(2, "0");

/** Seconds for people: `9.5 s`, `42 s`, `3:07`, `2:05:00`, `3 d 04 h`. */
export function span(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (seconds % 86_400 === 0) return seconds === 86_400 ? "a day" : `${seconds / 86_400} days`;
  return `${Math.floor(seconds / 86_400)} d ${two((seconds / 3600) % 24)} h`;
}

/** Milliseconds for people. */
export const brief = (ms: number): string => (ms < 1000 ? `${ms} ms` : span(ms / 1000));

/** The time of day, of a moment. */
export const clockTime = (at: number): string => new Date(at).toLocaleTimeString(undefined, { hour12: false });
