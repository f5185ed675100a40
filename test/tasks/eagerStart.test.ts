import { describe, expect } from "vitest";
import { type Coroutine, coroutine, currentTask, sleep, type Task } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

/** The events on the loop until nothing was left to do, as one word. */
function traced(): string {
  runDry(loop);
  return trace.join("");
}

function* letters(word: string): Coroutine<string> {
  for (const letter of word) {
    trace.push(letter);
    yield;
  }
  return word;
}

describe("with eagerStart, a task", () => {
  test("runs its first step in the call that creates it", () => {
    loop.callSoon(() => {
      loop.createTask(letters("ab"), { eagerStart: true });
      trace.push("|");
    });

    expect(traced()).toBe("a|b");
  });

  test("is done immediately if it does not wait", () => {
    let states: unknown[] = [];
    loop.callSoon(() => {
      const task = loop.createTask(letters(""), { eagerStart: true });
      states = [task.done(), task.result()];
    });
    runDry(loop);

    expect(states).toEqual([true, ""]);
  });

  test("fails immediately if its first step throws", () => {
    let exception: unknown;
    loop.callSoon(() => {
      const fail = function* (): Coroutine<void> {
        throw "failure";
      };
      exception = loop.createTask(fail, { eagerStart: true }).exception();
    });
    runDry(loop);

    expect(exception).toBe("failure");
  });

  test("is the current task in its first step, and its creator is current again afterwards", () => {
    const tasks: (Task<unknown> | undefined)[] = [];
    const outer = loop.createTask(function* (): Coroutine<void> {
      const inner = loop.createTask(
        function* (): Coroutine<void> {
          tasks.push(currentTask());
          yield;
          tasks.push(currentTask());
        },
        { eagerStart: true },
      );
      tasks.push(currentTask(), inner);
    });
    runDry(loop);
    const [first, after, inner, second] = tasks;

    expect([first === inner, after === outer, second === inner]).toEqual([true, true, true]);
  });

  test("starts inside a deep call just as it does elsewhere", () => {
    const deep = coroutine(function* (levels: number): Coroutine<number> {
      yield;
      return levels === 0 ? 0 : 1 + (yield* deep(levels - 1));
    });
    const start = coroutine(function* (levels: number): Coroutine<number> {
      if (levels > 0) return yield* start(levels - 1);
      const task = loop.createTask(deep(100), { eagerStart: true });
      yield* sleep(1);
      return yield* task;
    });

    expect(loop.runUntilCompleteSync(start(100))).toBe(100);
  });

  test("waits in the ready queue if its loop is not running", () => {
    loop.createTask(letters("a"), { eagerStart: true });
    trace.push("|");

    expect(traced()).toBe("|a");
  });
});
