/**
 * Start, watch and kill a running request, with any WebSocket of the browser's kind. Returns a line for each thing
 * that holds, throws where one does not. It uses nothing from outside itself, so that it can be handed to a page.
 */
export async function threeActions({ url, name, WebSocket = globalThis.WebSocket }) {
  const lines = [];
  const check = (what, holds, got) => {
    if (!holds) throw new Error(`${what}: got ${JSON.stringify(got)}`);
    lines.push(`ok ${what}`);
  };

  const open = async () => {
    const socket = new WebSocket(url, "longwire.v1");
    const arrived = [];
    let wake = () => {};
    socket.addEventListener("message", ({ data }) => {
      arrived.push(JSON.parse(data));
      wake();
    });
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)));
    });
    const next = async () => {
      while (arrived.length === 0) await new Promise((resolve) => (wake = resolve));
      return arrived.shift();
    };
    const ask = (frame) => {
      socket.send(JSON.stringify(frame));
      return next();
    };
    const outcome = async () => {
      const frame = await next();
      return ["ok", "failed", "killed", "timeout", "lost"].includes(frame.status) ? frame : outcome();
    };
    return { ask, outcome, close: () => socket.close() };
  };

  const mine = await open();
  const other = await open();

  const first = await mine.ask({ route: "request", connid: name, time: "30", id: 1 });
  check("a start is answered", first.id === 1 && first.connid === name && first.status === "running", first);

  const { jobs } = await other.ask({ route: "status" });
  const { left } = jobs.find((job) => job.connid === name) ?? {};
  check("status lists it with the time left", left > 0 && left <= 30, jobs);

  const killed = await other.ask({ route: "kill", connid: name });
  check("a kill from another socket is ok", killed.status === "ok", killed);
  const end = await mine.outcome();
  check("the starter is told that it was killed", end.connid === name && end.status === "killed", end);

  const refused = await other.ask({ route: "kill", connid: "nobody" });
  check("an unknown connid is refused", refused.message.startsWith("invalid connection id: "), refused);

  await mine.ask({ route: "request", connid: name, time: "0.1" });
  const done = await mine.outcome();
  check("the time runs out and it is ok", done.status === "ok", done);

  mine.close();
  other.close();
  return lines;
}
