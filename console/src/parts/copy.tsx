import { useState } from "preact/hooks";

/** Copies that text. Where the page may not, as over plain HTTP from another machine, it is selected to be copied by hand. */
export function Copy({ text, what, from }: { text: string; what: string; from?: string }) {
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      if (from) getSelection()?.selectAllChildren(document.getElementById(from)!);
      say("Press Ctrl+C");
    }
    setTimeout(() => say(""), 1500);
  };
  return (
    <button type="button" class="small copy" onClick={copy} aria-label={`Copy ${what}`}>
      <span aria-live="polite">{said || "Copy"}</span>
    </button>
  );
}
