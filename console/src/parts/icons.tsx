// Small pictures, drawn here: no font has them everywhere.
import type { Status } from "longwire";

const SHAPES: Record<Status, string> = {
  queued: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z",
  running: "M5 3.5v9l7.5-4.5z",
  ending: "M8 3.5a4.5 4.5 0 1 0 0 9zM8 3.5a4.5 4.5 0 0 1 0 9",
  ok: "M3.5 8.5l3 3 6-7",
  failed: "M4 4l8 8M12 4l-8 8",
  killed: "M4.5 4.5h7v7h-7z",
  timeout: "M4.5 3h7l-7 10h7z",
  lost: "M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4M8 12.2v.3",
};
const FILLED: readonly Status[] = ["running", "killed"];

/** A state: its shape, and its word. */
export function State({ status }: { status: Status }) {
  return (
    <span class={`state is-${status}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d={SHAPES[status]} class={FILLED.includes(status) ? "filled" : undefined} />
      </svg>
      {status}
    </span>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true" class="logo">
      <path d="M1 8h3l2-5 4 10 2-5h3" />
    </svg>
  );
}

const THEMES = {
  system: "M2.5 3.5h11v7h-11zM6 13.5h4",
  light: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13",
  dark: "M13 9.5A5.5 5.5 0 1 1 6.5 3 4.5 4.5 0 0 0 13 9.5z",
};

export function ThemeIcon({ theme }: { theme: keyof typeof THEMES }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" class="glyph">
      <path d={THEMES[theme]} />
    </svg>
  );
}
