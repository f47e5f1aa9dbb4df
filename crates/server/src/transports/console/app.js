"use strict";

const LOG_LINES = 200;
const LINE_LENGTH = 2_000;
const STATUS_LIMIT = 100;
const SHORTEST_WAIT = 500;
const LONGEST_WAIT = 10_000;

const find = (id) => document.getElementById(id);
const jobs = new Map(); // by job: the row, and when its deadline is by this page's clock
let socket;
let wait = SHORTEST_WAIT;
let number = 0;
let due = false;

function open() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, "longwire.v1");
  socket.onopen = () => {
    wait = SHORTEST_WAIT;
    find("link").textContent = "connected";
    send({ route: "watch" }); // every change of every job, so that the list is true
    refresh();
  };
  socket.onmessage = ({ data }) => take(data);
  socket.onclose = ({ code }) => {
    find("link").textContent = `not connected (${code}), trying again…`;
    setTimeout(open, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  };
}

function send(frame) {
  if (socket.readyState !== WebSocket.OPEN) return say("not connected");
  const text = JSON.stringify({ ...frame, id: ++number });
  socket.send(text);
  note("sent", `> ${text}`);
}

function take(text) {
  const frame = JSON.parse(text);
  const refused = frame.status === "error";
  note(refused ? "refused" : "got", `< ${text}`);
  if (refused) say(frame.message);
  else if (frame.id && frame.route !== "status") say("");
  if (frame.route === "status" && frame.jobs) show(frame);
  else if (frame.feed && !frame.id) refreshSoon();
  else if (frame.gap) refreshSoon();
}

/** For everyone, screen readers too: what was refused last. */
function say(text) {
  find("said").textContent = text;
}

function note(kind, text) {
  const log = find("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text.length > LINE_LENGTH ? `${text.slice(0, LINE_LENGTH)}…` : text;
  log.append(line);
  while (log.childElementCount > LOG_LINES) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

const refresh = () => send({ route: "status", limit: STATUS_LIMIT });

/** Many changes at once are asked about once. */
function refreshSoon() {
  if (due) return;
  due = true;
  setTimeout(() => { due = false; if (socket.readyState === WebSocket.OPEN) refresh(); }, 250);
}

function show(page) {
  const total = page.total ?? page.jobs.length;
  const shown = total > page.jobs.length ? `, the first ${page.jobs.length} shown` : "";
  find("count").textContent = total === 0 ? "nothing runs" : `${total} running${shown}`;
  const there = new Set(page.jobs.map(({ job }) => job));
  for (const [job, { row }] of jobs) {
    if (there.has(job)) continue;
    row.remove();
    jobs.delete(job);
  }
  for (const view of page.jobs) place(view);
}

function place(view) {
  if (!jobs.has(view.job)) jobs.set(view.job, { row: newRow(view.connid) });
  const entry = jobs.get(view.job);
  entry.view = view;
  entry.deadline = performance.now() + 1000 * view.left;
  draw(entry);
}

function newRow(connid) {
  const row = document.createElement("li");
  const kill = Object.assign(document.createElement("button"), { className: "danger", textContent: "Kill", type: "button" });
  kill.setAttribute("aria-label", `Kill ${connid}`);
  kill.onclick = () => send({ route: "kill", connid });
  const what = document.createElement("span");
  what.append(Object.assign(document.createElement("strong"), { textContent: connid }), " ", document.createElement("small"));
  const left = document.createElement("progress");
  left.setAttribute("aria-label", `time left of ${connid}`);
  row.append(what, kill, left);
  find("jobs").append(row);
  return row;
}

function draw({ row, view, deadline }) {
  const left = Math.max(0, (deadline - performance.now()) / 1000);
  row.querySelector("small").textContent = `${view.route} · ${view.status} · ${left.toFixed(1)} s of ${view.time} s left`;
  Object.assign(row.querySelector("progress"), { max: view.time || 1, value: left });
}

function onSubmit(id, frame) {
  find(id).addEventListener("submit", (event) => {
    event.preventDefault();
    send(frame(Object.fromEntries(new FormData(event.target))));
  });
}

onSubmit("start", ({ connid, time, route }) => ({ route, time, ...(connid && { connid }) }));
onSubmit("kill", ({ connid }) => ({ route: "kill", connid }));
onSubmit("status", () => ({ route: "status", limit: STATUS_LIMIT }));
setInterval(() => jobs.forEach(draw), 200);
open();
