// Requests on Socket.IO: a Map of names to an acknowledgement that is owed and a timer.
import { createServer } from "node:http";
import { Server } from "socket.io";

/** connid -> { answer, timer, time, until } */
const running = new Map();

function request({ connid, time }, answer) {
  if (time === 0) return answer({ connid, status: "ok" });
  if (running.has(connid)) return answer({ connid, status: "duplicate" });
  const timer = setTimeout(end, time * 1000, connid);
  running.set(connid, { answer, timer, time, until: performance.now() + time * 1000 });
}

function end(connid) {
  const { answer } = running.get(connid);
  running.delete(connid);
  answer({ connid, status: "ok" });
}

function kill({ connid }, answer) {
  const found = running.get(connid);
  if (found) {
    clearTimeout(found.timer);
    running.delete(connid);
    found.answer({ connid, status: "killed" });
  }
  answer({ connid, status: found ? "ok" : "unknown", route: "kill" });
}

// With fields or without, as the acknowledgement is what comes last.
function status(...given) {
  const answer = given.at(-1);
  const now = performance.now();
  const jobs = Array.from(running.entries().take(100), ([connid, { time, until }]) => ({ connid, time, timeleft: (until - now) / 1000 }));
  answer({ route: "status", total: running.size, jobs });
}

const server = createServer();
const io = new Server(server, { transports: ["websocket"], serveClient: false });
// As its page on memory has it: the first request is kept for sessions only.
io.engine.on("connection", (rawSocket) => {
  rawSocket.request = null;
});
io.on("connection", (socket) => {
  socket.on("request", request);
  socket.on("kill", kill);
  socket.on("status", status);
});
server.listen(process.env.PORT, "127.0.0.1");
