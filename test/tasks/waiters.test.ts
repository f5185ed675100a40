// What waits for a future: its representation depends on what it is and how many there are.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Context, type Coroutine, type Future, gather } from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

type Loop = ReturnType<typeof newVirtualLoop>;

/** Makes something wait for `future`, which calls `leave` when the future is done. */
const WAYS: Record<string, (loop: Loop, future: Future<void>, leave: () => void) => void> = {
  task: (loop, future, leave) => startTask(loop, future, leave),
  "task with a context": (loop, future, leave) =>
    startTask(loop, future, leave, { context: new Context() }),
  "task that was cancelled before": (loop, future, leave) =>
    loop.createTask(
      function* (): Coroutine<void> {
        const own = loop.createFuture<void>();
        own.cancel();
        yield* gather([own], { returnExceptions: true });
        yield* future;
        leave();
      },
      { eagerStart: true },
    ),
  callback: (_loop, future, leave) => future.addDoneCallback(leave),
  gather: (_loop, future, leave) => gather([future]).addDoneCallback(leave),
};

function startTask(loop: Loop, future: Future<void>, leave: () => void, options = {}): void {
  loop.createTask(
    function* (): Coroutine<void> {
      yield* future;
      leave();
    },
    { eagerStart: true, ...options },
  );
}

test("waiters of every kind run in the order in which they began to wait", () => {
  const kinds = fc.array(fc.constantFrom(...Object.keys(WAYS)), { maxLength: 6 });
  fc.assert(
    fc.property(kinds, fc.boolean(), fc.integer({ min: 0, max: 6 }), (chosen, isDebug, removed) => {
      const loop = newVirtualLoop({ debug: isDebug });
      const future = loop.createFuture<void>();
      const [ran, added]: [number[], number[]] = [[], []];
      const unwanted = (): unknown => ran.push(Number.NaN);
      // Not `createTask`, whose tasks have the caller's asynchronous context, as few tasks do.
      loop.runUntilCompleteSync(function* (): Coroutine<void> {
        for (const [index, kind] of chosen.entries()) {
          if (index === removed) future.addDoneCallback(unwanted);
          WAYS[kind]?.(loop, future, () => ran.push(index));
          yield; // until it waits
          yield;
          yield;
          added.push(index);
        }
        future.removeDoneCallback(unwanted);
        future.setResult();
      });
      runDry(loop);
      loop.close();

      expect(ran).toEqual(added);
    }),
  );
});

test("a task of a closed loop that waits for a future is no longer one of its waiters", () => {
  const loop = newVirtualLoop();
  const future = loop.createFuture<void>();
  let ran = "";
  loop.runUntilCompleteSync(function* (): Coroutine<void> {
    startTask(loop, future, () => {
      ran += "task";
    });
    yield;
  });
  const before = [...future._waiters()].length;
  loop.close();
  future.addDoneCallback(() => {
    ran += "callback";
  });
  future.setResult();

  expect([before, [...future._waiters()].length, ran]).toEqual([1, 0, ""]);
});

test("a callback gets all of its arguments, however many there are", () => {
  const loop = newVirtualLoop();
  const calls: unknown[][] = [];
  const note = (...args: unknown[]): unknown => calls.push(args);
  const lists = [[], [undefined], [1], [1, undefined], [1, 2, 3], [[]]];
  for (const args of lists) loop.callSoon(note, ...args);
  for (const args of lists) loop.callLater(1, note, ...args);
  runDry(loop);
  loop.close();

  expect(calls).toEqual([...lists, ...lists]);
});

test("a hook may close the loop whose task is about to wake", () => {
  const loop = newVirtualLoop();
  const future = loop.createFuture<void>();
  loop.runUntilCompleteSync(function* (): Coroutine<void> {
    startTask(loop, future, () => undefined);
    yield;
  });
  let next = loop;
  loop.instrument({
    taskWakes() {
      loop.close();
      // Usually gets the core of the closed loop.
      next = newVirtualLoop();
    },
  });
  future.setResult();
  const hasReady = next._core.hasReady();
  next.close();

  expect([loop.isClosed(), next !== loop, hasReady]).toEqual([true, true, false]);
});

test("an exception handler that is called while its loop closes can't schedule anything", () => {
  const loop = newVirtualLoop();
  const nothing = (): void => undefined;
  const thrown: unknown[] = [];
  loop.setExceptionHandler(() => {
    for (const add of [() => loop.callSoon(nothing), () => loop.callLater(1, nothing)]) {
      try {
        add();
      } catch (error) {
        thrown.push((error as Error).message);
      }
    }
  });
  loop.createFuture().setException(new Error("failure"));
  loop.callSoon(nothing); // leaves an unused slot behind
  runDry(loop);
  loop.close();

  expect(thrown).toEqual(["The loop is closed", "The loop is closed"]);
});
