// Tests mock functions in place of timers, as Jest's older fake timers install them. They don't
// keep the original functions, and only Node also has these in a module.

import { expect, test, vi } from "vitest";

const now = performance.now.bind(performance);

/** Replaces globals with mock functions. Returns a function that restores the originals. */
function mock(names: readonly string[]): () => void {
  const originals = names.map((name) => [name, Reflect.get(globalThis, name)] as const);
  for (const name of names) {
    Reflect.set(
      globalThis,
      name,
      Object.assign(() => 0, { _isMockFunction: true }),
    );
  }
  return () => {
    for (const [name, original] of originals) Reflect.set(globalThis, name, original);
  };
}

test.each([[["setTimeout", "clearTimeout"]], [["setTimeout", "clearTimeout", "setImmediate"]]])(
  "mocks of %j that don't keep the originals do not affect a loop that is imported after them",
  async (names) => {
    vi.resetModules();
    const unmock = mock(names);
    const start = now();
    try {
      const { run } = await import("../../../src/program/run.ts");
      const { sleep } = await import("../../../src/tasks/sleep.ts");
      await run(function* () {
        for (let i = 0; i < 100; i++) yield;
        yield* sleep(10);
      });
    } finally {
      unmock();
    }
    expect(now() - start).toBeGreaterThanOrEqual(10);
  },
);
