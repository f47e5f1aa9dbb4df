import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";

const charts = signal<FunctionComponent | undefined>(undefined);

/** What draws is fetched when it is first looked at. */
export function PicturesPage() {
  useEffect(() => {
    if (!charts.value) void import("./charts.tsx").then(({ Charts }) => (charts.value = Charts));
  }, []);
  const Charts = charts.value;
  return Charts ? <Charts /> : <p class="nothing">Fetching what draws…</p>;
}
