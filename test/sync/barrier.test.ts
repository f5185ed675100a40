import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import { Barrier } from "../../src/sync/barrier.ts";
import { BrokenBarrierError } from "../../src/sync/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

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
  test("lets all through when the last has come, numbered by order of arrival", () => {
    const barrier = new Barrier(3);
    comer(barrier, "a");
    comer(barrier, "b");
    runDry(loop);
    trace.push(`${barrier.nWaiting} of ${barrier.parties}`);
    comer(barrier, "c");
    runDry(loop);

    expect([trace.join(" "), barrier.nWaiting]).toEqual(["2 of 3 c2 a0 b1", 0]);
  });

  test("serves round after round", () => {
    const barrier = new Barrier(2);
    for (const name of "abcdef") comer(barrier, name);
    runDry(loop);

    expect([...trace].sort().join(" ")).toBe("a0 b1 c0 d1 e0 f1");
  });

  test("counts those who come again in the turn in which they were let through", () => {
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

  test("of one stops nobody", () => {
    expect(new Barrier(1).wait().next()).toEqual({ done: true, value: 0 });
  });

  test("is only left by a task that is cancelled: one more has to come, and the numbers stay different", () => {
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

  test("lets the others through if one is cancelled in the turn in which the last comes", () => {
    const barrier = new Barrier(3);
    const [first] = [comer(barrier, "a"), comer(barrier, "b")];
    runDry(loop);
    barrier.wait().next();
    first.cancel();
    runDry(loop);

    expect([trace.join(" "), barrier.nWaiting]).toEqual(["a CancelledError b1", 0]);
  });

  test("that is reset fails those who wait, and serves anew", () => {
    const barrier = new Barrier(2);
    comer(barrier, "a");
    runDry(loop);
    perform(barrier.reset());
    const state = [barrier.broken, barrier.nWaiting];
    for (const name of "bc") comer(barrier, name);
    runDry(loop);

    expect([state, trace.join(" ")]).toEqual([[false, 0], "a BrokenBarrierError c1 b0"]);
  });

  test("that is aborted fails those who wait and those who come, until it is reset", () => {
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

  test.each(["reset", "abort"] as const)("takes nobody back who is through, on %s", (what) => {
    const barrier = new Barrier(2);
    comer(barrier, "a");
    runDry(loop);
    barrier.wait().next();
    perform(barrier[what]());
    runDry(loop);

    expect(trace).toEqual(["a0"]);
  });

  test("does nothing before reset() and abort() are awaited", () => {
    const barrier = new Barrier(2);
    barrier.abort();

    expect(barrier.broken).toBe(false);
  });

  test("that is broken is a RuntimeError too", () => {
    expect(new BrokenBarrierError()).toBeInstanceOf(RuntimeError);
  });

  test.each([0, -1, 1.5, NaN])("cannot be made for %o parties", (parties) => {
    expect(() => new Barrier(parties)).toThrow(RangeError);
  });

  test.each(["2", undefined])("cannot be made for %o", (parties) => {
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
