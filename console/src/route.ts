// Which page is shown: what stands behind the `#`, so that a link works on any machine, behind any prefix, and no path of the REST routes is taken.
import { computed, signal } from "@preact/signals";

export type Place =
  | { readonly page: "jobs" }
  | { readonly page: "job"; readonly job: string }
  | { readonly page: "search" }
  | { readonly page: "pictures" };

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export function placeOf(text: string): Place {
  const [, page, name] = text.split("?")[0]!.split("/");
  if (page === "jobs" && name) return { page: "job", job: safely(name) };
  if (page === "search") return { page: "search" };
  if (page === "pictures") return { page: "pictures" };
  return { page: "jobs" };
}

function safely(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export const place = computed(() => placeOf(hash.value));

export const addressOf = (job: string): string => `#/jobs/${encodeURIComponent(job)}`;

export function go(address: string): void {
  location.hash = address;
}
