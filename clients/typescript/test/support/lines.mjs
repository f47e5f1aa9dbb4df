// A job that prints 100,000 numbered lines, and what came of them.
export const COUNT = 100_000;

/** Its route, and limits that let the log reach back to its beginning. */
export const LINES = {
  // Of small pieces, so that the log has many events.
  config: `
[limits]
log_events_per_job = 1000000
log_bytes_per_job = 100000000
output_bytes_per_event = 256

[routes.lines]
consumer = "exec"
argv = ["seq", "${COUNT}"]
`,
  /** So that 50 cuts come within it, most of them in the midst of a frame. */
  cuts: { cuts: 50, bytes: 15_000 },
};

/** Reads a job to its end: how many lines were received, how many are missing, how many came twice. Uses nothing from outside itself, so that it can be handed to a page. */
export async function linesOf(job, pause = () => {}, count = 100_000) {
  let rest = "";
  const times = new Map();
  for await (const event of job) {
    if ("gap" in event) throw new Error(`a gap: ${JSON.stringify(event)}`);
    await pause();
    const lines = (rest + (event.output ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) times.set(Number(line), (times.get(Number(line)) ?? 0) + 1);
  }
  if (rest !== "") throw new Error(`half a line: ${rest}`);
  const counts = [...times.values()];
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((line) => !times.has(line)).length;
  return { received: counts.reduce((sum, each) => sum + each, 0), missing, twice: counts.filter((each) => each > 1).length };
}
