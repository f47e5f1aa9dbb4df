export function SearchPage() { return <p>…</p>; }
