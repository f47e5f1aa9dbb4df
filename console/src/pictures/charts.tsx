import { signal } from "@preact/signals";
import { Chart, type Series } from "./chart.tsx";
import { OUTCOMES } from "../store.ts";
import { sampled, samples, type Outcome, type Point } from "./samples.ts";

const NOW: readonly Series[] = [
  { key: "running", word: "running", color: "bar" },
  { key: "queued", word: "queued", color: "edge", dash: [5, 4] },
];
const ENDED: readonly Series[] = [
  { key: "ok", word: "ok", color: "bar" },
  { key: "failed", word: "failed", color: "danger" },
  { key: "killed", word: "killed", color: "violet", dash: [8, 3] },
  { key: "timeout", word: "timeout", color: "warn", dash: [5, 4] },
  { key: "lost", word: "lost", color: "blue", dash: [2, 3] },
];
const WAIT: readonly Series[] = [
  { key: "wait50", word: "median", color: "bar" },
  { key: "wait95", word: "95 of 100", color: "warn", dash: [5, 4] },
];
const KILL: readonly Series[] = [
  { key: "kill50", word: "median", color: "violet" },
  { key: "kill95", word: "95 of 100", color: "warn", dash: [5, 4] },
];

const route = signal("");

export function Charts() {
  void sampled.value;
  const routes = [...new Set(samples.flatMap(({ routes }) => [...(routes?.keys() ?? [])]))].filter(Boolean).sort();
  return (
    <>
      <div class="row charts-head">
        <h1>Pictures</h1>
        <label class="inline">
          Route
          <select value={route.value} onChange={(event) => (route.value = event.currentTarget.value)}>
            <option value="">all routes</option>
            {routes.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <p class="faint small-text">Each second, since this page was opened; at most ten minutes. Where nothing is drawn nothing was known.</p>
      </div>
      <div class="charts">
        <Chart title="Now" unit="" series={NOW} route={route.value} />
        <Chart title="Ended, a second" unit="" series={ENDED} route={route.value} />
        <Chart title="From accepted to started" unit="ms" series={WAIT} route={route.value} />
        <Chart title="From a kill to the end" unit="ms" series={KILL} route={route.value} />
      </div>
      <Totals routes={routes} />
    </>
  );
}

function sum(name: string, key: keyof Point): number {
  return samples.reduce((all, { routes }) => all + (routes?.get(name)?.[key] ?? 0), 0);
}

/** The same in figures. */
function Totals({ routes }: { routes: readonly string[] }) {
  const last = samples.at(-1)?.routes;
  return (
    <div class="card totals" tabIndex={0} role="region" aria-label="In figures">
      <table>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Running</th>
            <th scope="col">Queued</th>
            <th scope="col">Started</th>
            {OUTCOMES.map((each) => (
              <th scope="col" key={each}>
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(routes.length > 0 ? routes : [""]).map((name) => (
            <tr key={name}>
              <th scope="row">{name || "all routes"}</th>
              <td>{last ? (last.get(name)?.running ?? 0).toLocaleString() : "–"}</td>
              <td>{last ? (last.get(name)?.queued ?? 0).toLocaleString() : "–"}</td>
              {(["started", ...(OUTCOMES as readonly Outcome[])] as const).map((key) => (
                <td key={key}>{sum(name, key).toLocaleString()}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
