// What the host of a loop does meanwhile.

/** Longer than any of these tests may take, and shorter than the patience of the test runner. */
const LONGEST = 3_000;

/** Resolves in a task of the host, after `delay` milliseconds. */
export function hostTimer(delay = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

/**
 * A condition that is true once `event` has happened. It becomes true at last by itself, so that a host that is starved
 * makes a test fail instead of hang: `happened` says which it was.
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
