import type { ComponentChildren } from "preact";

import { brief, clockTime, now, span } from "../clock.ts";
import { Bar, ShareBar } from "../parts/bar.tsx";
import { State } from "../parts/icons.tsx";
import { Left } from "../parts/left.tsx";
import { killOne, receiptText } from "../receipts.ts";
import { addressOf } from "../route.ts";
import { isReceipt, type Row } from "../store.ts";
import { mark } from "./view.ts";

interface Props {
  readonly row: Row;
  readonly index: number;
  readonly height: number;
  readonly isMarked: boolean;
  readonly isCurrent: boolean;
}

const classOf = (isMarked: boolean, isCurrent: boolean) => `tr${isMarked ? " is-marked" : ""}${isCurrent ? " is-current" : ""}`;

/** A row in its place. */
function Line({ row, index, height, isMarked, isCurrent, children }: Props & { children: ComponentChildren }) {
  const style = { transform: `translateY(${index * height}px)`, height: `${height}px` };
  return (
    <div class={classOf(isMarked, isCurrent)} role="row" aria-rowindex={index + 2} data-job={row.job} style={style}>
      {children}
    </div>
  );
}

/** The cells that every job has. */
function WhatItIs({ job, connid, status, route }: Row) {
  return (
    <>
      <span role="cell" class="c-connid">
        <a href={addressOf(job)} title={connid}>
          {connid}
        </a>
      </span>
      <span role="cell" class="c-state">
        <State status={status} />
      </span>
      <span role="cell" class="c-route" title={route}>
        {route}
      </span>
    </>
  );
}

export function LiveRow(line: Props) {
  const { row, isMarked } = line;
  const { job, connid, status, deadline, time, by } = row;
  return (
    <Line {...line}>
      <span role="cell" class="c-mark">
        <input type="checkbox" checked={isMarked} aria-label={`Mark ${connid}`} onChange={(event) => mark(job, event.currentTarget.checked)} />
      </span>
      <WhatItIs {...row} />
      <span role="cell" class="c-left">
        <Bar deadline={deadline} time={time} />
        <span class="number">
          <Left deadline={deadline} />
        </span>
      </span>
      <span role="cell" class="c-progress">
        <ProgressOf row={row} />
      </span>
      <span role="cell" class="c-by" title={by}>
        {by}
      </span>
      <span role="cell" class="c-kill">
        <button type="button" class="small danger" aria-label={`Kill ${connid}`} disabled={status === "ending" && row.kill !== undefined} onClick={() => void killOne(row)}>
          Kill
        </button>
      </span>
    </Line>
  );
}

/** How far it has come, and what it is at; of one that waits, its place. */
export function ProgressOf({ row: { status, position, progress } }: { row: Row }) {
  if (status === "queued") return <span class="faint">{position ? `place ${position.toLocaleString()} in the queue` : "in the queue"}</span>;
  if (!progress) return null;
  const { done, total, note } = progress;
  const share = total ? Math.min(1, (done ?? 0) / total) : undefined;
  const figures = done == null ? "" : total == null ? done.toLocaleString() : `${Math.floor(100 * (share ?? 0))} %`;
  return (
    <span class="progress">
      {share !== undefined && <ShareBar share={share} />}
      {figures && <span class="number">{figures}</span>}
      {note && (
        <span class="note" title={note}>
          {note}
        </span>
      )}
    </span>
  );
}

export function EndedRow(line: Props) {
  const { acceptedAt, endedAt, kill, error } = line.row;
  const took = endedAt === undefined ? undefined : Math.max(0, endedAt - acceptedAt);
  const why = isReceipt(kill) ? receiptText(kill) : (error ?? "");
  return (
    <Line {...line} isMarked={false}>
      <WhatItIs {...line.row} />
      <span role="cell" class="c-took number">{took === undefined ? "" : brief(took)}</span>
      <span role="cell" class="c-ended number">{endedAt === undefined ? "" : <Ago at={endedAt} />}</span>
      <span role="cell" class="c-why" title={why}>
        {why}
      </span>
    </Line>
  );
}

function Ago({ at }: { at: number }) {
  void now.value;
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  return <span title={new Date(at).toISOString()}>{seconds < 60 ? `${Math.floor(seconds)} s ago` : seconds < 3600 ? `${span(seconds)} ago` : clockTime(at)}</span>;
}
