// A bar that runs down by itself: the browser is told once how long it takes.
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  /** When it is empty, by `performance.now()`. */
  readonly deadline: number;
  /** How many seconds it is when full. */
  readonly time: number;
  readonly isStill?: boolean;
}

export function Bar({ deadline, time, isStill = false }: Props) {
  const ref = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const left = isStill ? 0 : Math.max(0, deadline - performance.now());
    const from = Math.min(1, left / (1000 * (time || 1)));
    const run = ref.current?.animate([{ transform: `scaleX(${from})` }, { transform: "scaleX(0)" }], { duration: Math.max(1, left), fill: "forwards" });
    return () => run?.cancel();
  }, [deadline, time, isStill]);
  return (
    <span class="bar" aria-hidden="true">
      <i ref={ref} />
    </span>
  );
}
