import { now, span } from "../clock.ts";
import { place } from "../route.ts";
import { connection, lostAt, resumedAt } from "../server.ts";
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
  if (state === "shutting_down") return ["draining", "Draining"];
  if (truth.value === "reading") return ["reading", "Reading"];
  if (resumedAt.value !== undefined && now.value - resumedAt.value < RESUMED_MS) return ["resumed", "Resumed"];
  return ["connected", "Connected"];
}

/** What the connection's state means for what is seen. */
export function Banner() {
  const link = connection.value;
  const since = lostAt.value === undefined ? "" : span(Math.max(0, (now.value - lostAt.value) / 1000));
  if (link.state === "connecting" && link.attempts > 0)
    return <p class="banner is-reconnecting" role="alert">No connection yet: {link.why ?? "trying"}. Trying again.</p>;
  if (link.state === "reconnecting")
    return (
      <p class="banner is-reconnecting" role="alert">
        <strong>The connection is lost</strong>, for <span class="number">{since}</span>: what is shown is as it was then. Jobs go on; trying again ({link.attempts}).
      </p>
    );
  if (link.state === "closed") return <p class="banner is-closed" role="alert"><strong>The connection is closed for good</strong>: {link.why.message}. Reload the page to begin anew.</p>;
  if (link.state === "shutting_down")
    return <p class="banner is-draining" role="alert"><strong>The server is stopping</strong>: jobs that run have up to {span(link.left)} to end, and none can be started.</p>;
  return null;
}
