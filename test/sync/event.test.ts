import { beforeEach, describe, expect } from "vitest";
import { Event, RuntimeError, type Task } from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let event: Event;

beforeEach(() => {
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
  test("wakes all waiters, in order of arrival, when it is set", () => {
    const tasks = [..."abc"].map(waiter);
    loop.callLater(1, () => event.set());
    runDry(loop);

    expect([trace, tasks.map((task) => task.result()), event.isSet()]).toEqual([
      ["a", "b", "c"],
      [true, true, true],
      true,
    ]);
  });

  test("does not suspend a wait while it is set", () => {
    event.set();

    expect(event.wait().next()).toEqual({ done: true, value: true });
  });

  test("that is set and cleared in the same turn wakes exactly the tasks that waited", () => {
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

  test("does not complete a wait that is cancelled in the turn in which the event is set", () => {
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
