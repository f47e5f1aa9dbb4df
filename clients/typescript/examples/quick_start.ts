import { connect, JobKilled } from "longwire";

const client = await connect("http://127.0.0.1:8000");
client.onLink(({ state }) => console.log(`connection: ${state}`));

// Back at once. Whoever has the connid can watch the job, from anywhere.
const job = client.start<{ pages: number }>("report", { month: 3 }, { time: 600 });
console.log(`started ${job.connid}`);
const late = setTimeout(() => job.kill("it takes too long"), 60_000);

// Each event once and in order, whatever the network does meanwhile.
for await (const event of job) {
  if ("gap" in event) console.log(`events ${event.gap.from} to ${event.gap.to} are no longer kept`);
  else if (event.progress) console.log(`page ${event.progress.done} of ${event.progress.total}`);
  else if (event.output) console.log(`printed: ${event.output}`);
}

try {
  console.log(`the report has ${(await job).pages} pages`);
} catch (error) {
  if (!(error instanceof JobKilled)) throw error;
  console.log(`no report: ${error.message}`);
}

clearTimeout(late);
await client.close();
