import { now, span } from "../clock.ts";
import { place } from "../route.ts";
import { connection, lostAt, resumedAt, silentSince, stopsAt } from "../server.ts";
import { truth } from "../store.ts";
import { nextTheme, theme } from "../theme.ts";
import { isHelpOpen } from "./help.tsx";
import { Logo, ThemeIcon } from "./icons.tsx";

const PAGES = [
  ["jobs", "#/", "Jobs"],
  ["search", "#/search", "Search"],
  ["pictures", "#/pictures", "Pictures"],
] as const;

export function Header() {
  const at = place.value.page === "job" ? "jobs" : place.value.page;
  return (
    <header class="top">
      <a href="#/" class="brand" aria-label="Longwire, home">
        <Logo />
        <span>Longwire</span>
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([page, address, word]) => (
          <a key={page} href={address} aria-current={at === page ? "page" : undefined}>
            {word}
          </a>
        ))}
      </nav>
      <LinkState />
      <button type="button" class="icon" aria-label={`Theme: ${theme.value}. Change it`} title={`Theme: ${theme.value}`} onClick={nextTheme}>
        <ThemeIcon theme={theme.value} />
      </button>
      <button type="button" class="icon" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => (isHelpOpen.value = true)}>
        ?
      </button>
    </header>
  );
}

/** The connection's true state, in a word. */
function LinkState() {
  const [kind, word] = stateOf();
  return (
    <p class={`link is-${kind}`} role="status" data-link={kind}>
      <i aria-hidden="true" />
      <span>{word}</span>
    </p>
  );
}

/** For how long a connection that was made anew is said to be that. */
const RESUMED_MS = 4000;

function stateOf(): [string, string] {
  const { state } = connection.value;
  if (state === "connecting") return ["connecting", "Connecting"];
  if (state === "reconnecting") return ["reconnecting", "Reconnecting"];
  if (state === "closed") return ["closed", "Closed"];
  if (silentSince.value !== undefined) return ["silent", "Not answering"];
  if (state === "shutting_down") return ["draining", "Draining"];
  if (truth.value === "reading") return ["reading", "Reading"];
  if (resumedAt.value !== undefined && now.value - resumedAt.value < RESUMED_MS) return ["resumed", "Resumed"];
  return ["connected", "Connected"];
}

/** What the connection's state means for what is seen. What counts by the second is seen only, or it would be read aloud each second. */
export function Banner() {
  const [kind, said, counts] = saidOf();
  return (
    <div class={`banner is-${kind}`} hidden={said === ""}>
      <p role="alert">{said}</p>
      <span class="number" aria-hidden="true">
        {counts}
      </span>
    </div>
  );
}

function since(at: number | undefined): string {
  if (at === undefined) return "";
  const seconds = Math.max(0, Math.round((now.value - at) / 1000));
  return `for ${seconds < 60 ? `${seconds} s` : span(seconds)}`;
}

/** Which of them it is, in words, and what counts. */
function saidOf(): [string, string, string] {
  const link = connection.value;
  if (link.state === "connecting" && link.attempts > 0) return ["reconnecting", `No connection yet: ${link.why ?? "trying"}. Trying again.`, ""];
  if (link.state === "reconnecting") return ["reconnecting", "The connection is lost: what is shown is as it was then. Jobs go on; trying again.", `${since(lostAt.value)}, tried ${link.attempts} ${link.attempts === 1 ? "time" : "times"}`];
  if (link.state === "closed") return ["closed", `The connection is closed for good: ${link.why.message}. Reload the page to begin anew.`, ""];
  if (silentSince.value !== undefined) return ["silent", "The server does not answer: what is shown may be old, and what is asked for may not have arrived.", since(silentSince.value)];
  if (link.state !== "shutting_down" || stopsAt.value === undefined) return ["none", "", ""];
  const left = Math.min(link.left, (stopsAt.value - now.value) / 1000);
  return left > 0
    ? ["draining", "The server is stopping: jobs that run have a little time to end, and none can be started.", `${span(left)} left`]
    : ["draining", "The server is stopping: jobs that still run are being ended, and none can be started.", ""];
}
