import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Status } from "longwire";
import { addKeys } from "../keys.ts";
import { missed, truth } from "../store.ts";
import { StartForm } from "../start/form.tsx";
import { ConfirmKills } from "./confirm.tsx";
import { Table } from "./table.tsx";
import { marked, ofRoute, ofStatus, routesSeen, showTab, shown, tab, toKill, totals, words, type Tab } from "./view.ts";

const LIVE: readonly Status[] = ["queued", "running", "ending"];
const ENDED: readonly Status[] = ["ok", "failed", "killed", "timeout", "lost"];

export const isKilling = signal(false);

export function JobsPage() {
  useEffect(
    () =>
      addKeys([
        { keys: ["/"], what: "Filter", where: "Jobs", run: () => document.getElementById("filter")?.focus() },
        { keys: ["e"], what: "What runs, or what ended", where: "Jobs", run: () => showTab(tab.peek() === "live" ? "ended" : "live") },
        { keys: ["a"], what: "Mark all that are shown, or none", where: "Jobs", run: () => tab.peek() === "live" && (marked.value = new Set(marked.peek().size > 0 ? [] : shown.peek().map(({ job }) => job))) },
        { keys: ["#"], what: "Kill the marked", where: "Jobs", run: () => toKill.peek().length > 0 && (isKilling.value = true) },
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
      </section>
      {isKilling.value && <ConfirmKills targets={toKill.value} onClose={() => (isKilling.value = false)} />}
    </>
  );
}

function Tools() {
  const states = tab.value === "live" ? LIVE : ENDED;
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
        {states.map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      <p class="count number" aria-live="off">
        {truth.value === "reading" ? "reading…" : `${shown.value.length.toLocaleString()} shown`}
        {missed.value > 0 && <span title="Changes that the server no longer had; the list was read anew"> · gap of {missed.value.toLocaleString()}</span>}
      </p>
      <button type="button" class="danger" data-action="kill-marked" disabled={toKill.value.length === 0} onClick={() => (isKilling.value = true)}>
        Kill {toKill.value.length > 0 ? toKill.value.length.toLocaleString() : "marked"}…
      </button>
    </div>
  );
}

function TabButton({ which, word, count }: { which: Tab; word: string; count: number }) {
  return (
    <button type="button" aria-pressed={tab.value === which} onClick={() => showTab(which)} data-tab={which}>
      {word} <span class="number">{count.toLocaleString()}</span>
    </button>
  );
}
