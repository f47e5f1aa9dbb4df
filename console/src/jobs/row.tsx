import type { ComponentChildren } from "preact";
import { brief, clockTime, now, span } from "../clock.ts";
import { Bar, ShareBar } from "../parts/bar.tsx";
import { State } from "../parts/icons.tsx";
import { Left } from "../parts/left.tsx";
import { isAsked, killOne, receiptText } from "../receipts.ts";
import { addressOf } from "../route.ts";
import { isReceipt, live, type Row } from "../store.ts";
import { current, isHeld, killing, mark } from "./view.ts";

interface Props {
  readonly row: Row;
  readonly index: number;
  readonly height: number;
  readonly isMarked: boolean;
  readonly isCurrent: boolean;
  /** Whether Tab leads to it, and to what is in it. The arrows lead to the others. */
  readonly isStop: boolean;
}

const classOf = (isMarked: boolean, isCurrent: boolean) => `tr${isMarked ? " is-marked" : ""}${isCurrent ? " is-current" : ""}`;

/** A row in its place. */
function Line({ row, index, height, isMarked, isCurrent, isStop, selected, children }: Props & { selected?: boolean | undefined; children: ComponentChildren }) {
  const style = { transform: `translateY(${index * height}px)`, height: `${height}px` };
  return (
    <div
      class={classOf(isMarked, isCurrent)}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={isStop ? 0 : -1}
      data-job={row.job}
      style={style}
      onFocusIn={() => (current.value = row.job)}
    >
      {children}
    </div>
  );
}

/** The cells that every job has. */
function WhatItIs({ row: { job, connid, status, route }, isStop }: Props) {
  return (
    <>
      <span role="gridcell" class="c-connid">
        <a href={addressOf(job)} title={connid} tabIndex={isStop ? 0 : -1}>
          {connid}
        </a>
      </span>
      <span role="gridcell" class="c-state">
        <State status={status} />
      </span>
      <span role="gridcell" class="c-route" title={route}>
        {route}
      </span>
    </>
  );
}

export function LiveRow(line: Props) {
  const { row, isMarked, isStop } = line;
  const { job, connid, deadline, time, by } = row;
  // A row that is held may have ended.
  const isOver = !live.has(job);
  return (
    <Line {...line} selected={isMarked}>
      <span role="gridcell" class="c-mark">
        <input
          type="checkbox"
          checked={isMarked}
          aria-label={`Mark ${connid}`}
          tabIndex={isStop ? 0 : -1}
          disabled={isOver}
          onChange={(event) => mark([job], event.currentTarget.checked)}
        />
      </span>
      <WhatItIs {...line} />
      <span role="gridcell" class="c-left">
        {!isOver && (
          <>
            <Bar deadline={deadline} time={time} />
            <span class="number">
              <Left deadline={deadline} />
            </span>
          </>
        )}
      </span>
      <span role="gridcell" class="c-progress">
        {!isOver && <ProgressOf row={row} />}
      </span>
      <span role="gridcell" class="c-by" title={by}>
        {by}
      </span>
      <span role="gridcell" class="c-kill">
        <KillButton row={row} isOver={isOver} isStop={isStop} />
      </span>
    </Line>
  );
}

/** Whether the job that is hit is the one that was meant: the rows stood still for the pointer, or the keyboard was on its button. */
const isSure = (event: MouseEvent) => event.detail === 0 || (isHeld.peek() && (event as PointerEvent).pointerType !== "touch");

/** It is never disabled, only says that it is: who is on it with the keyboard stays there. */
function KillButton({ row, isOver, isStop }: { row: Row; isOver: boolean; isStop: boolean }) {
  const isWaiting = isAsked(row.job);
  const isOff = isOver || isWaiting || (row.status === "ending" && row.kill !== undefined);
  const press = (event: MouseEvent) => {
    if (isOff) return;
    if (isSure(event)) void killOne(row);
    else killing.value = [row];
  };
  return (
    <button type="button" class="small danger" aria-label={`Kill ${row.connid}`} aria-disabled={isOff || undefined} tabIndex={isStop ? 0 : -1} onClick={press}>
      {isWaiting ? "asked…" : "Kill"}
    </button>
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
      <WhatItIs {...line} />
      <span role="gridcell" class="c-took number">{took === undefined ? "" : brief(took)}</span>
      <span role="gridcell" class="c-ended number">{endedAt === undefined ? "" : <Ago at={endedAt} />}</span>
      <span role="gridcell" class="c-why" title={why}>
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
