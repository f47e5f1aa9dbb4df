import type { Client } from "longwire";
import { useState } from "react";

import { useJob, useLink } from "./use_job.js";

export function Report({ client }: { client: Client }) {
  // Kept over a reload, after which the page goes on where the job is.
  const [connid, setConnid] = useState(sessionStorage["report"] as string | undefined);
  const [refused, setRefused] = useState<Error>();
  const { status, progress, result, error, kill } = useJob<{ pages: number }>(client, connid);
  const link = useLink(client);

  async function start() {
    try {
      const { connid } = await client.start("report", { month: 3 }).started;
      setConnid((sessionStorage["report"] = connid));
    } catch (why) {
      setRefused(why as Error);
    }
  }

  return (
    <>
      <button onClick={start}>Make the report</button>
      <button onClick={() => kill("no longer wanted")} disabled={status !== "running"}>Stop</button>
      {progress && <progress value={progress.done ?? 0} max={progress.total ?? 1} />}
      {progress && <p>page {progress.done} of {progress.total}</p>}
      {result && <p>{result.pages} pages are ready</p>}
      {(error ?? refused) && <p role="alert">{(error ?? refused)?.message}</p>}
      {link.state !== "connected" && <p role="status">{link.state}…</p>}
    </>
  );
}
