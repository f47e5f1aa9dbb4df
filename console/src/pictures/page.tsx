export function PicturesPage() { return <p>…</p>; }
