// Requests on `ws`: a Map of names to a socket and a timer.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

/** connid -> { socket, timer, time, until } */
const running = new Map();

// `ws` drops what is sent to a socket that has closed: a request outlives its socket.
const send = (socket, answer) => socket.send(JSON.stringify(answer));

function request(socket, { connid, time }) {
  if (time === 0) return send(socket, { connid, status: "ok" });
  if (running.has(connid)) return send(socket, { connid, status: "duplicate" });
  const timer = setTimeout(end, time * 1000, connid);
  running.set(connid, { socket, timer, time, until: performance.now() + time * 1000 });
}

function end(connid) {
  const { socket } = running.get(connid);
  running.delete(connid);
  send(socket, { connid, status: "ok" });
}

function kill(socket, { connid }) {
  const found = running.get(connid);
  if (found) {
    clearTimeout(found.timer);
    running.delete(connid);
    send(found.socket, { connid, status: "killed" });
  }
  send(socket, { connid, status: found ? "ok" : "unknown", route: "kill" });
}

function status(socket) {
  const now = performance.now();
  const jobs = Array.from(running.entries().take(100), ([connid, { time, until }]) => ({ connid, time, timeleft: (until - now) / 1000 }));
  send(socket, { route: "status", total: running.size, jobs });
}

const routes = { request, kill, status };

const server = createServer();
const sockets = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("error", console.error);
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    routes[message.route]?.(socket, message);
  });
});
server.listen(process.env.PORT, "127.0.0.1");
