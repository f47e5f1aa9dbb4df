import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "preact/hooks";
import { clockTime } from "../clock.ts";
import { theme } from "../theme.ts";
import { sampled, samples, shownOf, type Point } from "./samples.ts";

export interface Series {
  readonly key: keyof Point;
  readonly word: string;
  /** The name of a colour of the page. */
  readonly color: string;
  readonly dash?: number[];
}

interface Props {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  readonly route: string;
}

const HEIGHT = 190;
/** Seconds that are shown, at least. */
const SPAN = 120;

/** What a custom property of a colour is in this theme. */
function colorOf(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function dataOf(series: readonly Series[], route: string): uPlot.AlignedData {
  return [samples.map(({ at }) => at), ...series.map(({ key }) => samples.map((sample) => shownOf(sample, route, key)))];
}

function optionsOf({ series, unit }: Props, width: number): uPlot.Options {
  const line = { stroke: colorOf("faint"), grid: { stroke: colorOf("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, __, max) => [(max ?? Date.now() / 1000) - Math.max(SPAN, Math.min(600, samples.length)), max ?? Date.now() / 1000] },
      y: { range: (_, __, max) => [0, Math.max(unit === "ms" ? 10 : 4, (max ?? 0) * 1.12)] },
    },
    axes: [
      { ...line, space: 90, size: 30, values: (_, ticks) => ticks.map((tick) => clockTime(tick * 1000)) },
      { ...line, size: 52, space: 34, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString()) },
    ],
    series: [{}, ...series.map(({ word, color, dash }) => ({ label: word, stroke: colorOf(color), width: 1.75, dash: dash ?? [], points: { show: unit === "ms", size: 4, fill: colorOf(color) }, spanGaps: false }))],
  };
}

export function Chart(props: Props) {
  const { title, unit, series, route } = props;
  const ref = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const chosen = theme.value;
  useEffect(() => {
    const box = ref.current!;
    const make = () => new uPlot(optionsOf(latest.current, box.clientWidth), dataOf(latest.current.series, latest.current.route), box);
    let chart = make();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const again = () => (chart.destroy(), (chart = make()));
    scheme.addEventListener("change", again);
    const sized = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT }));
    sized.observe(box);
    const stop = sampled.subscribe(() => chart.setData(dataOf(latest.current.series, latest.current.route)));
    return () => {
      stop();
      sized.disconnect();
      scheme.removeEventListener("change", again);
      chart.destroy();
    };
  }, [chosen, route]);
  void sampled.value;
  const last = samples.at(-1);
  const now = Object.fromEntries(series.map(({ key }) => [key, last ? shownOf(last, route, key) : null]));
  const figures = last && !last.routes ? "not known" : series.map(({ key, word }) => `${word} ${now[key] ?? "none"}`).join(", ");
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {series.map(({ key, word, color, dash }) => (
            <li key={key}>
              <svg viewBox="0 0 18 8" width="18" height="8" aria-hidden="true" class={`ink-${color}`}>
                <path d="M1 4h16" stroke-dasharray={dash ? "3 4" : undefined} />
              </svg>
              {word} <span class="number">{now[key] == null ? "–" : `${now[key].toLocaleString()}${unit === "ms" ? " ms" : ""}`}</span>
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="canvas" ref={ref} role="img" aria-label={`${title}, now: ${figures}`} />
    </figure>
  );
}
