// Starts many jobs over one socket of its own.
import { connect } from "../../../clients/typescript/dist/index.js";

/** So many jobs of `request`, all accepted. Gives the client. */
export async function fill(t, url, count, optionsOf) {
  const client = await connect(url, { WebSocket: (await import("ws")).WebSocket });
  t.after(() => client.close());
  const jobs = Array.from({ length: count }, (_, number) => client.start("request", null, optionsOf(number)));
  for (const job of jobs) {
    job.then(() => {}, () => {});
    await job.started;
  }
  return client;
}
