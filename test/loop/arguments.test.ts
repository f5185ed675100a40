// Wrong arguments of the whole public API. The error is thrown at the call, and names the argument,
// what was expected and the value.

import { describe, expect } from "vitest";
import {
  allTasks,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  ensureFuture,
  Future,
  fromPromise,
  gather,
  newEventLoop,
  run,
  runSync,
  setEventLoop,
  sleep,
  wrapFuture,
} from "../../src/index.ts";
import { describe as describeValue } from "../../src/lang/arguments.ts";
import { VirtualClock } from "../../src/testing.ts";
import { runVirtually } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

/** Any value at all, as an unchecked program may pass it. */
function wrong(value: unknown): never {
  return value as never;
}

/**
 * Rejects with the error that `call` throws or that its promise rejects with. Does not wait for a
 * future, which may never complete.
 */
async function attempt(call: (value: never) => unknown, value: unknown): Promise<void> {
  const result = call(wrong(value));
  if (result instanceof Promise) await result;
}

describe("a callback that is not a function", () => {
  const calls: Record<string, (callback: never) => unknown> = {
    callSoon: (callback) => loop.callSoon(callback),
    callLater: (callback) => loop.callLater(1, callback),
    callAt: (callback) => loop.callAt(1, callback),
    addDoneCallback: (callback) => loop.createFuture().addDoneCallback(callback),
  };

  test.each(Object.entries(calls))("is rejected by %s with a TypeError", (_, call) => {
    for (const callback of [undefined, null, 42, "text", {}, Promise.resolve(), sleep(1)]) {
      expect(() => call(wrong(callback))).toThrow(
        new TypeError(`Expected \`callback\` to be a function, got ${describeValue(callback)}`),
      );
    }
  });

  test.each<[string, (value: never) => unknown]>([
    ["handler", (value) => loop.setExceptionHandler(value)],
    ["factory", (value) => loop.setTaskFactory(value)],
  ])("is rejected as a %s with a TypeError", (name, call) => {
    expect(() => call(wrong(42))).toThrow(
      new TypeError(`Expected \`${name}\` to be a function, got \`42\` (number)`),
    );
  });
});

describe("a time that is not a number", () => {
  const calls: Record<string, [string, (time: never) => unknown]> = {
    callLater: ["delay", (time) => loop.callLater(time, () => {})],
    callAt: ["when", (time) => loop.callAt(time, () => {})],
    sleep: ["delay", (time) => sleep(time)],
    newEventLoop: ["slice", (time) => newEventLoop({ slice: time })],
    VirtualClock: ["start", (time) => new VirtualClock(time)],
    advanceTo: ["when", (time) => new VirtualClock().advanceTo(time)],
  };

  test.each(Object.entries(calls))("is rejected by %s with a TypeError", (_, [name, call]) => {
    for (const time of ["soon", null, {}, 1n, Symbol("time"), [1]]) {
      expect(() => call(wrong(time))).toThrow(TypeError);
      expect(() => call(wrong(time))).toThrow(
        `Expected \`${name}\` to be a number of milliseconds, got ${describeValue(time)}`,
      );
    }
  });

  test.each(Object.entries(calls))(
    "is rejected by %s with a RangeError if it is NaN",
    (_, [name, call]) => {
      expect(() => call(wrong(NaN))).toThrow(
        new RangeError(`Expected \`${name}\` to be a number of milliseconds, got \`NaN\` (number)`),
      );
    },
  );
});

describe("a value that is not a coroutine", () => {
  const values: Record<string, unknown> = {
    "a number": 42,
    "a promise": Promise.resolve(),
    "an async function": async () => {},
    "a function that returns no coroutine": () => 42,
    undefined: undefined,
  };

  test.each(Object.entries(values))(
    "is rejected by createTask with a TypeError: %s",
    (_, value) => {
      expect(() => loop.createTask(wrong(value))).toThrow(TypeError);
      expect(() => createTask(wrong(value))).toThrow(TypeError);
      expect(() => loop.createTask(wrong(value))).toThrow("Expected `coro` to ");
    },
  );

  test("is rejected with a hint if it is a promise", () => {
    expect(() => loop.createTask(wrong(Promise.resolve()))).toThrow(
      "Expected `coro` to be a coroutine or a generator function, got `Promise` (object). " +
        "For a promise use `ensureFuture` or `fromPromise`",
    );
  });

  test.each(Object.entries(values))("is rejected by coroutine() with a TypeError: %s", (_, fn) => {
    expect(() => coroutine(wrong(fn))).toThrow(TypeError);
    expect(() => coroutine(wrong(fn))).toThrow("Expected `fn` to be a generator function");
  });
});

describe("a value that cannot be awaited", () => {
  const calls: Record<string, [string, (aw: never) => unknown]> = {
    run: ["main", (aw) => run(aw)],
    runSync: ["main", (aw) => runSync(aw)],
    runUntilComplete: ["aw", (aw) => loop.runUntilComplete(aw)],
    runUntilCompleteSync: ["aw", (aw) => loop.runUntilCompleteSync(aw)],
    ensureFuture: ["aw", (aw) => ensureFuture(aw)],
    wrapFuture: ["promise", (aw) => wrapFuture(aw)],
    fromPromise: ["source", (aw) => fromPromise(aw)],
    gather: ["aws[1]", (aw) => gather([sleep(1), aw])],
  };

  test.each(Object.entries(calls))(
    "is rejected by %s with a TypeError",
    async (_, [name, call]) => {
      for (const value of [42, "text", null, undefined, {}]) {
        await expect(attempt(call, value)).rejects.toThrow(TypeError);
        await expect(attempt(call, value)).rejects.toThrow(`Expected \`${name}\` to be `);
      }
    },
  );

  test.each([42, "text", null, undefined, {}])(
    "makes gather(%s) throw a TypeError, because the argument is not a list",
    (value) => {
      expect(() => gather(wrong(value))).toThrow("Expected `aws` to be a list of awaitables");
    },
  );

  test("prevents a gather from starting anything", () => {
    const started = runVirtually(function* (): Coroutine<boolean> {
      let hasStarted = false;
      function* start(): Coroutine<void> {
        hasStarted = true;
      }
      expect(() => gather([start(), wrong(42)])).toThrow(TypeError);
      yield* sleep(1);
      return hasStarted;
    });

    expect(started).toBe(false);
  });
});

describe("options of a wrong type", () => {
  const calls: Record<string, (options: never) => unknown> = {
    newEventLoop: (options) => newEventLoop(options),
    run: (options) => run(sleep(1), options),
    runSync: (options) => runSync(sleep(1), options),
    "loop.createTask": (options) => loop.createTask(sleep(1), options),
    createTask: (options) =>
      runVirtually(function* (): Coroutine<void> {
        createTask(sleep(1), options);
      }),
    ensureFuture: (options) => ensureFuture(loop.createFuture(), options),
    wrapFuture: (options) => wrapFuture(Promise.resolve(), options),
    gather: (options) => gather([loop.createFuture()], options),
    Future: (options) => new Future(options),
  };

  test.each(Object.entries(calls))("are rejected by %s with a TypeError", async (_, call) => {
    for (const options of [42, "text", null]) {
      await expect(attempt(call, options)).rejects.toThrow(
        new TypeError(`Expected \`options\` to be an object, got ${describeValue(options)}`),
      );
    }
  });

  const fields: Record<string, [string, unknown, (options: never) => unknown]> = {
    "a name": ["name", 42, (options) => loop.createTask(sleep(1), options)],
    "a priority": ["priority", "urgent", (options) => loop.createTask(sleep(1), options)],
    "a clock": ["clock", {}, (options) => newEventLoop(options)],
    "a core": ["core", "rust", (options) => newEventLoop(options)],
    "a loop of run": ["loop", {}, (options) => run(sleep(1), options)],
    "a loop of ensureFuture": ["loop", {}, (options) => ensureFuture(sleep(1), options)],
    "a loop of wrapFuture": ["loop", {}, (options) => wrapFuture(Promise.resolve(), options)],
    "a loop of Future": ["loop", {}, (options) => new Future(options)],
  };

  test.each(Object.entries(fields))(
    "are rejected with a TypeError: %s",
    async (_, [name, value, call]) => {
      await expect(attempt(call, { [name]: value })).rejects.toThrow(`Expected \`${name}\` to be `);
    },
  );
});

test.each<[string, (loop: never) => unknown]>([
  ["setEventLoop", setEventLoop],
  ["currentTask", currentTask],
  ["allTasks", allTasks],
])("%s rejects an invalid loop with a TypeError", (_, call) => {
  expect(() => call(wrong("text"))).toThrow(TypeError);
  expect(() => call(wrong("text"))).toThrow('Expected `loop` to be an event loop, got `"text"`');
});

test("createTask throws a TypeError if the task factory returns no task", () => {
  loop.setTaskFactory(wrong(() => 42));

  expect(() => loop.createTask(sleep(1))).toThrow(
    "Expected the task factory to return a Task, got `42` (number)",
  );
});

describe("the description of a value in an error", () => {
  test.each<[unknown, string]>([
    [undefined, "`undefined`"],
    [null, "`null`"],
    [42, "`42` (number)"],
    [NaN, "`NaN` (number)"],
    [1n, "`1` (bigint)"],
    [true, "`true` (boolean)"],
    ["soon", '`"soon"` (string)'],
    ["line\nline", '`"line\\nline"` (string)'],
    [Symbol("name"), "`Symbol(name)` (symbol)"],
    [function named() {}, "`named` (function)"],
    [() => {}, "`anonymous` (function)"],
    [{}, "`Object` (object)"],
    [Object.create(null), "`Object` (object)"],
    [[], "`Array` (object)"],
    [new Map(), "`Map` (object)"],
    [new (class Client {})(), "`Client` (object)"],
    [Promise.resolve(), "`Promise` (object)"],
  ])("is right for %o", (value, words) => {
    expect(describeValue(value)).toBe(words);
  });

  test("is short, however long the value is", () => {
    expect(describeValue("x".repeat(1_000)).length).toBeLessThan(60);
  });
});
