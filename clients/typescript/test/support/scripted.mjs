// A server that says what a test has it say.
import { once } from "node:events";
import { WebSocketServer } from "ws";

import { connect } from "longwire";

/** Things that arrive, to be taken in their order. */
class Arrivals {
  #arrived = [];
  #waiting = [];

  put(thing) {
    const taker = this.#waiting.shift();
    if (taker) taker(thing);
    else this.#arrived.push(thing);
  }

  take() {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift());
    return new Promise((taker) => this.#waiting.push(taker));
  }

  get count() {
    return this.#arrived.length;
  }
}

/** One connection of the client's. */
class Peer {
  frames = new Arrivals();

  constructor(socket, request) {
    this.socket = socket;
    /** How it came: the address and the headers. */
    this.request = request;
    this.closed = once(socket, "close").then(([code]) => code);
    socket.on("message", (text) => this.frames.put(JSON.parse(text)));
  }

  /** The next frame, which must have these fields; gives its id. */
  async hears(fields = {}) {
    const frame = await this.frames.take();
    for (const [field, value] of Object.entries(fields)) {
      if (JSON.stringify(frame[field]) !== JSON.stringify(value)) {
        throw new Error(`${field} should be ${JSON.stringify(value)} in ${JSON.stringify(frame)}`);
      }
    }
    this.last = frame;
    return frame.id;
  }

  says(...frames) {
    for (const frame of frames) this.socket.send(JSON.stringify(frame));
  }

  /** Hears nothing more that was sent by now. */
  async quiet() {
    this.socket.ping();
    await once(this.socket, "pong");
    if (this.frames.count > 0) throw new Error(`not expected: ${JSON.stringify(await this.frames.take())}`);
  }

  cut() {
    this.socket.terminate();
  }
}

/** A server, closed after the test. */
export async function scripted(t) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "longwire.v1" });
  await once(server, "listening");
  const peers = new Arrivals();
  server.on("connection", (socket, request) => peers.put(new Peer(socket, request)));
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, peer: () => peers.take() };
}

/** A client and its server's side. */
export async function pair(t, options) {
  const server = await scripted(t);
  const [client, peer] = await Promise.all([connect(server.url, options), server.peer()]);
  t.after(() => client.close());
  return { ...server, client, peer, again: server.peer };
}

export const JOB = "01970000-0000-7000-8000-000000000001";

export const started = (id, connid, more) => ({ id, connid, job: JOB, seq: 1, status: "running", route: "report", time: 60, left: 60, ...more });
export const watching = (id, seq, connid = "42") => ({ id, route: "watch", connid, job: JOB, status: "ok", seq });
export const output = (seq, connid = "42") => ({ connid, job: JOB, seq, status: "running", output: `${seq}\n`, stream: "stdout" });
export const end = (seq, result, connid = "42") => ({ connid, job: JOB, seq, status: "ok", result });
export const refusal = (id, code, more) => ({ id, status: "error", code, message: code, ...more });

/** Numbers from one to another. */
export const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** The numbers of what a handle hands out, to its end. */
export async function seqs(handle) {
  const all = [];
  for await (const event of handle) all.push(event.gap ? [event.gap.from, event.gap.to] : event.seq);
  return all;
}
