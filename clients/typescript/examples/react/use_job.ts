import type { Client, Job, Link, LongwireError, Progress, Status } from "longwire";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";

/** What there is to show of a job. */
export interface JobState<Result> {
  status?: Status;
  progress?: Progress;
  /** What came of it, once it is `ok`. */
  result?: Result;
  /** Why there will be no result: `error.code` is `killed`, `timeout`, `lost`, or that of the failure or the refusal. */
  error?: LongwireError;
}

/** Follows a job by its connid, across lost connections; nothing while there is none. */
export function useJob<Result>(client: Client, connid: string | undefined) {
  const [state, setState] = useState<JobState<Result>>({});
  const followed = useRef<Job<Result>>(undefined);
  useEffect(() => {
    setState({});
    if (connid === undefined) return undefined;
    const job = client.watch<Result>(connid);
    followed.current = job;
    const left = new AbortController();
    follow(job, left.signal, (change) => setState((before) => ({ ...before, ...change })));
    return () => {
      left.abort();
      followed.current = undefined;
      job.leave(); // The job goes on.
    };
  }, [client, connid]);
  // By the handle, so that no other job is killed that has this connid by then.
  const kill = useCallback((reason?: string) => followed.current?.kill(reason), []);
  return { ...state, kill };
}

async function follow<Result>(job: Job<Result>, left: AbortSignal, show: (change: JobState<Result>) => void) {
  try {
    for await (const event of job.events({ signal: left })) {
      if ("gap" in event) continue;
      show(event.progress ? { status: event.status, progress: event.progress } : { status: event.status });
    }
    show({ result: await job });
  } catch (error) {
    if (!left.aborted) show({ error: error as LongwireError });
  }
}

/** How the connection is doing. */
export function useLink(client: Client): Link {
  const subscribe = useCallback((tell: () => void) => client.onLink(tell), [client]);
  return useSyncExternalStore(subscribe, () => client.link);
}
