// Rows do not move under a pointer, nor under who is among them with the keyboard.
import { useEffect } from "preact/hooks";
import { hold, isHeld, letGo } from "./view.ts";

/** A pointer that only lies there holds nothing. */
const IDLE_MS = 20_000;

export function useHold(ref: { current: HTMLElement | null }): void {
  useEffect(() => {
    const box = ref.current!;
    let isPointed = false;
    let idle: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(idle);
      if (!isPointed && !box.querySelector(":focus-visible")) return letGo();
      if (!isHeld.peek()) hold();
      idle = setTimeout(letGo, IDLE_MS);
    };
    // A finger is nowhere until it touches: what it means is asked, see `isSure`.
    const point = (event: PointerEvent) => {
      if (event.pointerType === "touch") return;
      isPointed = true;
      look();
    };
    const leave = () => {
      isPointed = false;
      look();
    };
    const later = () => void setTimeout(look);
    box.addEventListener("pointerenter", point);
    box.addEventListener("pointermove", point, { passive: true });
    box.addEventListener("pointerleave", leave);
    for (const each of ["focusin", "focusout", "keydown"]) box.addEventListener(each, later);
    return () => {
      clearTimeout(idle);
      letGo();
      box.removeEventListener("pointerenter", point);
      box.removeEventListener("pointermove", point);
      box.removeEventListener("pointerleave", leave);
      for (const each of ["focusin", "focusout", "keydown"]) box.removeEventListener(each, later);
    };
  }, []);
}
