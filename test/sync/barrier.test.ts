import { describe, expect } from "vitest";
import {
  Barrier,
  BrokenBarrierError,
  type Coroutine,
  RuntimeError,
  type Task,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function comer(barrier: Barrier, name: string): Task<void> {
  return loop.createTask(function* () {
    try {
      trace.push(`${name}${yield* barrier.wait()}`);
    } catch (error) {
      trace.push(`${name} ${(error as Error).name}`);
    }
  });
}

function perform(action: Coroutine<void>): void {
  expect(action.next()).toEqual({ done: true, value: undefined });
}

describe("a barrier", () => {
  test("lets all tasks through when the last one arrives, with indexes in order of arrival", () => {
    const barrier = new Barrier(3);
    comer(barrier, "a");
    comer(barrier, "b");
    runDry(loop);
    trace.push(`${barrier.nWaiting} of ${barrier.parties}`);
    comer(barrier, "c");
    runDry(loop);

    expect([trace.join(" "), barrier.nWaiting]).toEqual(["2 of 3 c2 a0 b1", 0]);
  });

  test("serves one round after another", () => {
    const barrier = new Barrier(2);
    for (const name of "abcdef") comer(barrier, name);
    runDry(loop);

    expect([...trace].sort().join(" ")).toBe("a0 b1 c0 d1 e0 f1");
  });

  test("counts tasks that arrive again in the turn in which they were let through", () => {
    const barrier = new Barrier(2);
    const indices = [..."ab"].map(() =>
      loop.createTask(function* () {
        const own: number[] = [];
        for (let round = 0; round < 4; round++) own.push(yield* barrier.wait());
        return own;
      }),
    );
    runDry(loop);

    const [a, b] = indices.map((task) => task.result());
    expect(a!.map((index, round) => index + b![round]!)).toEqual([1, 1, 1, 1]);
  });

  test("of one party never makes a task wait", () => {
    expect(new Barrier(1).wait().next()).toEqual({ done: true, value: 0 });
  });

  test("loses only the cancelled task: one more must arrive, and the indexes stay distinct", () => {
    const barrier = new Barrier(3);
    const [first] = [comer(barrier, "a"), comer(barrier, "b")];
    runDry(loop);
    first.cancel();
    expect([barrier.nWaiting, barrier.broken]).toEqual([1, false]);
    comer(barrier, "c");
    runDry(loop);
    comer(barrier, "d");
    runDry(loop);

    expect(trace.join(" ")).toBe("a CancelledError d2 b0 c1");
  });

  test("lets the others through if one is cancelled in the turn in which the last one arrives", () => {
    const barrier = new Barrier(3);
    const [first] = [comer(barrier, "a"), comer(barrier, "b")];
    runDry(loop);
    barrier.wait().next();
    first.cancel();
    runDry(loop);

    expect([trace.join(" "), barrier.nWaiting]).toEqual(["a CancelledError b1", 0]);
  });

  test("fails its waiters when it is reset, and then works again", () => {
    const barrier = new Barrier(2);
    comer(barrier, "a");
    runDry(loop);
    perform(barrier.reset());
    const state = [barrier.broken, barrier.nWaiting];
    for (const name of "bc") comer(barrier, name);
    runDry(loop);

    expect([state, trace.join(" ")]).toEqual([[false, 0], "a BrokenBarrierError c1 b0"]);
  });

  test("fails waiting and arriving tasks once it is aborted, until it is reset", () => {
    const barrier = new Barrier(2);
    comer(barrier, "a");
    runDry(loop);
    perform(barrier.abort());
    const states = [barrier.broken];
    comer(barrier, "b");
    runDry(loop);
    perform(barrier.reset());
    states.push(barrier.broken);
    for (const name of "cd") comer(barrier, name);
    runDry(loop);

    expect([states, trace.join(" ")]).toEqual([
      [true, false],
      "a BrokenBarrierError b BrokenBarrierError d1 c0",
    ]);
  });

  test.each(["reset", "abort"] as const)(
    "does not fail tasks that were let through before a %s in the same turn",
    (what) => {
      const barrier = new Barrier(2);
      comer(barrier, "a");
      runDry(loop);
      barrier.wait().next();
      perform(barrier[what]());
      runDry(loop);

      expect(trace).toEqual(["a0"]);
    },
  );

  test("ignores a call of reset() or abort() until the call is awaited", () => {
    const barrier = new Barrier(2);
    barrier.abort();

    expect(barrier.broken).toBe(false);
  });

  test("throws an error that is also a RuntimeError when it is broken", () => {
    expect(new BrokenBarrierError()).toBeInstanceOf(RuntimeError);
  });

  test.each([0, -1, 1.5, NaN])("rejects %o parties with a RangeError", (parties) => {
    expect(() => new Barrier(parties)).toThrow(RangeError);
  });

  test.each(["2", undefined])("rejects %o as the number of parties", (parties) => {
    expect(() => new Barrier(parties as never)).toThrow(TypeError);
  });

  test("belongs to the loop of the first wait", () => {
    const barrier = new Barrier(2);
    comer(barrier, "a");
    runDry(loop);
    const other = newVirtualLoop();

    perform(barrier.reset());
    expect(() => other.runUntilCompleteSync(() => barrier.wait())).toThrow(RuntimeError);
  });
});
