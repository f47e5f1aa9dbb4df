import { useState } from "preact/hooks";

/** Browsers keep the clipboard from pages over plain HTTP, as from another machine; there the old way still works. */
function copyTheOldWay(text: string): boolean {
  const before = document.activeElement as HTMLElement | null;
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  before?.focus();
  return isCopied;
}

/** Copies that text. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say(copyTheOldWay(text) ? "Copied" : "Not allowed");
    }
    setTimeout(() => say(""), 1500);
  };
  return (
    <button type="button" class="small copy" onClick={copy} aria-label={`Copy ${what}`}>
      <span aria-live="polite">{said || "Copy"}</span>
    </button>
  );
}
