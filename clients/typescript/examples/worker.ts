import { Worker } from "longwire";

const worker = new Worker("http://127.0.0.1:8000", { slots: 2, name: "reports-1" });

worker.route<{ month: number }>("report", async (job) => {
  const pages = 10;
  for (let page = 1; page <= pages; page++) {
    // A kill or a deadline aborts the signal; what is thrown by that ends the job.
    await render(page, job.signal);
    await job.print(`page ${page} of month ${job.input.month}`);
    job.progress({ done: page, total: pages });
  }
  return { pages };
});

async function render(page: number, signal: AbortSignal) {
  await new Promise((done) => setTimeout(done, 10 * page));
  signal.throwIfAborted();
}

await worker.run(); // until SIGTERM or Ctrl-C
