// A TCP proxy that cuts its connections when told to, as a bad network would.
import net from "node:net";

export async function cuttingProxy(target) {
  const pairs = new Set();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname);
    const pair = [client, upstream];
    pairs.add(pair);
    client.pipe(upstream).pipe(client);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pair.forEach((each) => each.destroy());
        pairs.delete(pair);
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => pairs.forEach((pair) => pair.forEach((socket) => socket.resetAndDestroy())),
    close: () => server.close(),
  };
}
