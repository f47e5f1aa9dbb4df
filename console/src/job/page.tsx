export function JobPage(_: { job: string }) { return <p>…</p>; }
