// How much time is left, in figures; counts by itself.
import { now, span } from "../clock.ts";

export function Left({ deadline }: { deadline: number }) {
  return <>{span(Math.max(0, (deadline - Math.max(now.value, performance.now() - 500)) / 1000))}</>;
}
