import { useEffect } from "preact/hooks";
import type { Status } from "longwire";
import { addKeys } from "../keys.ts";
import { ENDED_KEPT, isCut, missed, truth } from "../store.ts";
import { StartForm } from "../start/form.tsx";
import "./address.ts";
import { ConfirmKills } from "./confirm.tsx";
import { Table } from "./table.tsx";
import { hiddenMarks, hold, isHeld, killing, mark, notLooked, ofRoute, ofStatus, routesSeen, showTab, shown, statesOf, tab, toKill, totals, unseen, words, type Tab } from "./view.ts";

const isLive = () => tab.peek() === "live";
const markAll = () => isLive() && mark(shown.peek().map(({ job }) => job), toKill.peek().length === 0);
const askForMarked = () => toKill.peek().length > 0 && (killing.value = toKill.peek());

export function JobsPage() {
  useEffect(
    () =>
      addKeys([
        { keys: ["/"], what: "Filter", where: "Jobs", run: () => document.getElementById("filter")?.focus() },
        { keys: ["e"], what: "What runs, or what ended", where: "Jobs", run: () => showTab(isLive() ? "ended" : "live") },
        { keys: ["a"], what: "Mark all that are shown, or none", where: "Jobs", run: markAll },
        { keys: ["s"], what: "Show what is new, where rows are held", where: "Jobs", run: () => isHeld.peek() && hold() },
        { keys: ["#"], what: "Kill the marked", where: "Jobs", run: askForMarked },
      ]),
    [],
  );
  return (
    <>
      <StartForm />
      <section class="card jobs" aria-labelledby="jobs-title">
        <h1 id="jobs-title" class="unseen">
          Jobs
        </h1>
        <Tools />
        <Table />
        <Foot />
      </section>
      {killing.value && <ConfirmKills targets={killing.value} onClose={() => (killing.value = undefined)} />}
    </>
  );
}

function Tools() {
  return (
    <div class="tools">
      <div class="tabs" role="group" aria-label="Which jobs">
        <TabButton which="live" word="Running" count={totals.value.live} />
        <TabButton which="ended" word="Ended" count={totals.value.ended} />
      </div>
      <input
        id="filter"
        type="search"
        class="filter"
        value={words.value}
        onInput={(event) => (words.value = event.currentTarget.value)}
        placeholder="Filter by name, note, tag…"
        aria-label="Filter by text"
        autocomplete="off"
      />
      <select aria-label="Filter by route" value={ofRoute.value} onChange={(event) => (ofRoute.value = event.currentTarget.value)}>
        <option value="">all routes</option>
        {routesSeen.value.map((route) => (
          <option key={route}>{route}</option>
        ))}
      </select>
      <select aria-label="Filter by state" value={ofStatus.value} onChange={(event) => (ofStatus.value = event.currentTarget.value as Status | "")}>
        <option value="">all states</option>
        {statesOf(tab.value).map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      {tab.value === "live" && (
        <button type="button" class="danger" data-action="kill-marked" disabled={toKill.value.length === 0} onClick={askForMarked}>
          Kill {toKill.value.length > 0 ? toKill.value.length.toLocaleString() : "marked"}…
        </button>
      )}
    </div>
  );
}

/** What is to be known of what is shown. It is always there, and of one height: nothing moves as it changes. */
function Foot() {
  const { come, gone } = unseen.value;
  const [marks, hidden, unknown] = [toKill.value.length, hiddenMarks.value, notLooked.value.length];
  return (
    <div class="foot">
      <p class="count number">
        {truth.value === "reading" ? "reading…" : `${shown.value.length.toLocaleString()} shown`}
        {marks + hidden > 0 && ` · ${(marks + hidden).toLocaleString()} marked${hidden > 0 ? `, ${hidden.toLocaleString()} hidden by the filter` : ""}`}
        {unknown > 0 && <span title="What only a status tells: progress and notes. They are asked for"> · {unknown.toLocaleString()} not looked at yet</span>}
        {missed.value > 0 && <span title="Changes that the server no longer had; the list was read anew"> · gap of {missed.value.toLocaleString()}</span>}
      </p>
      {come + gone > 0 && (
        <button type="button" class="small" data-action="show-new" title="Rows are held while the pointer is over them, or the keyboard among them (s)" onClick={hold}>
          {[come > 0 && `${come.toLocaleString()} new`, gone > 0 && `${gone.toLocaleString()} gone`].filter(Boolean).join(", ")}: show
        </button>
      )}
    </div>
  );
}

function TabButton({ which, word, count }: { which: Tab; word: string; count: number }) {
  const isCapped = which === "ended" && (isCut.value || count >= ENDED_KEPT);
  return (
    <button type="button" aria-pressed={tab.value === which} onClick={() => showTab(which)} data-tab={which} title={isCapped ? "Those that the page knows of; there may be more" : undefined}>
      {word} <span class="number">{count.toLocaleString()}{isCapped && "+"}</span>
    </button>
  );
}
