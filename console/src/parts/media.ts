import { signal } from "@preact/signals";

const narrow = matchMedia("(max-width: 760px)");

/** Whether the page is as narrow as a phone. The same width stands in the style. */
export const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", () => (isNarrow.value = narrow.matches));
