// A bar that runs down by itself: the browser is told once how long it takes.
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  /** When it is empty, by `performance.now()`. */
  readonly deadline: number;
  /** How many seconds it is when full. */
  readonly time: number;
}

export function Bar({ deadline, time }: Props) {
  const ref = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const left = Math.max(0, deadline - performance.now());
    const from = Math.min(1, left / (1000 * (time || 1)));
    const run = ref.current?.animate([{ transform: `scaleX(${from})` }, { transform: "scaleX(0)" }], { duration: Math.max(1, left), fill: "forwards" });
    return () => run?.cancel();
  }, [deadline, time]);
  return (
    <span class="bar" aria-hidden="true">
      <i ref={ref} />
    </span>
  );
}

/** A bar of how much is done, which moves when it is told to. */
export function ShareBar({ share }: { share: number }) {
  return (
    <span class="bar is-progress" aria-hidden="true">
      <i style={{ transform: `scaleX(${Math.min(1, share)})` }} />
    </span>
  );
}
