const LEAST = 100;
const MOST = 5000;

/** Milliseconds to wait before that try to connect again, counted from 0. `chance` is from 0 to 1. */
export function backoff(attempt: number, chance: number): number {
  // Chance takes up to half, so that the clients of one server do not come back all at once.
  return attempt && Math.min(LEAST * 2 ** (attempt - 1), MOST) * (1 - chance / 2);
}
