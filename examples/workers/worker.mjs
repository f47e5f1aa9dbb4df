// A worker over a socket: it renders frames, two jobs at once. Node 22 has a WebSocket of its own; before that it is `ws`.

const Socket = globalThis.WebSocket ?? (await import("ws")).WebSocket;
const url = process.argv[2] ?? "ws://127.0.0.1:8000/ws";
const held = new Map(); // who can be told to end, by lease
let socket;

const say = (frame) => socket.send(JSON.stringify(frame));

async function render(lease, signal, { frames = 10, seconds = 0.2 }) {
  for (let done = 1; done <= frames; done++) {
    await new Promise((next) => setTimeout(next, seconds * 1000));
    signal.throwIfAborted();
    say({ route: "append", lease, output: `frame ${done}\n`, progress: { done, total: frames } });
  }
  return { frames };
}

async function serve(lease, job) {
  const told = new AbortController();
  held.set(lease, told);
  let end;
  try {
    end = { result: await render(lease, told.signal, job.input ?? {}) };
  } catch (error) {
    end = told.signal.aborted ? {} : { error: { code: "broke", message: String(error) } };
  }
  held.delete(lease);
  if (told.signal.reason !== "gone") say({ route: "end", lease, ...end });
}

function open() {
  socket = new Socket(url);
  const leases = () => [...held.keys()];
  socket.onopen = () => say({ route: "claim", routes: ["render"], slots: 2, worker: "worker.mjs", leases: leases() });
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if ("input" in frame) serve(frame.lease, frame);
    else if (frame.status === "ending") held.get(frame.lease)?.abort("told");
    else if (["queued", "lost"].includes(frame.status) || frame.code === "lease_lost") held.get(frame.lease)?.abort("gone");
    // In the reply to the claim: what is no longer its own.
    for (const lease of frame.lost ?? []) held.get(lease)?.abort("gone");
  };
  socket.onclose = () => setTimeout(open, 500);
  socket.onerror = () => {}; // a close follows
}

open();
