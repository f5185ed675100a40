import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import { Event } from "../../src/sync/event.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];
let event: Event;

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
  event = new Event();
});

function waiter(name: string): Task<true> {
  return loop.createTask(function* () {
    const result = yield* event.wait();
    trace.push(name);
    return result;
  });
}

describe("an event", () => {
  test("wakes all who wait, in order of arrival, when it is set", () => {
    const tasks = [..."abc"].map(waiter);
    loop.callLater(1, () => event.set());
    runDry(loop);

    expect([trace, tasks.map((task) => task.result()), event.isSet()]).toEqual([
      ["a", "b", "c"],
      [true, true, true],
      true,
    ]);
  });

  test("that is set lets through without suspending", () => {
    event.set();

    expect(event.wait().next()).toEqual({ done: true, value: true });
  });

  test("that is cleared in the turn in which it was set has woken those who waited, and nobody else", () => {
    waiter("a");
    loop.callLater(1, () => {
      event.set();
      event.clear();
      waiter("b");
    });
    runDry(loop);

    expect([trace, event.isSet()]).toEqual([["a"], false]);
  });

  test("may be set and cleared any number of times", () => {
    const states = [event.isSet()];
    for (const action of ["set", "set", "clear", "clear"] as const) {
      event[action]();
      states.push(event.isSet());
    }

    expect(states).toEqual([false, true, true, false, false]);
  });

  test("is not waited for by a task that is cancelled, even if it is set in the same turn", () => {
    const [early, late] = [waiter("a"), waiter("b")];
    loop.callLater(1, () => {
      early.cancel();
      event.set();
      late.cancel();
    });
    runDry(loop);

    expect([trace, early.cancelled(), late.cancelled()]).toEqual([[], true, true]);
  });

  test("belongs to the loop of the first wait", () => {
    waiter("a");
    runDry(loop);

    expect(() => newVirtualLoop().runUntilCompleteSync(() => event.wait())).toThrow(RuntimeError);
  });
});
