// Lets tests wait for the host, and check that the host runs while a loop is busy.

/** Longer than any of these tests may take, but shorter than the test runner's timeout. */
const LONGEST = 3_000;

/** Resolves in a macrotask, after `delay` milliseconds. */
export function hostTimer(delay = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

/**
 * A condition that is true once `event` has happened. It also becomes true after a time limit, so
 * that a starved host makes a test fail instead of hang. `happened` tells the two apart.
 */
export function untilHost(event: (done: () => void) => void): {
  over(): boolean;
  happened: boolean;
} {
  const giveUpAt = performance.now() + LONGEST;
  const state = { over: () => state.happened || performance.now() > giveUpAt, happened: false };
  event(() => {
    state.happened = true;
  });
  return state;
}
