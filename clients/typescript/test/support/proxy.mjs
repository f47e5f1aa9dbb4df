// A TCP proxy that breaks its connections when told to, or after so many bytes, as a bad network would: in the midst of a frame.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Node does not let go of a connection that is reset while it says goodbye. */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

/** A proxy before `url`, closed after the test. `cuts` are made, one each `bytes` of what the server sends. */
export async function proxy(t, url, { cuts = 0, bytes = Infinity } = {}) {
  const target = new URL(url);
  const pairs = new Set();
  const state = { cuts: 0, left: bytes, isOpen: true, isMute: false };
  const cut = () => pairs.forEach((pair) => pair.forEach(reset));

  const server = createServer((client) => {
    if (!state.isOpen) return reset(client);
    if (state.isMute) {
      const pair = [client];
      pairs.add(pair);
      client.on("error", () => {});
      return client.on("close", () => pairs.delete(pair));
    }
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        pair.forEach((each) => each.destroy());
      });
    }
    client.pipe(upstream);
    upstream.on("data", (data) => {
      if (state.cuts < cuts && data.length >= state.left) {
        client.write(data.subarray(0, state.left), () => pair.forEach(reset));
        upstream.pause();
        state.cuts++;
        state.left = bytes;
        return;
      }
      state.left -= data.length;
      if (!client.write(data)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
    upstream.on("end", () => client.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    cut();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut,
    /** Takes connections from now on, and nothing more of them: whoever comes is not answered. */
    mute: () => (state.isMute = true),
    /** Takes connections, or none. */
    open: (isOpen) => (state.isOpen = isOpen),
    get cuts() {
      return state.cuts;
    },
  };
}
