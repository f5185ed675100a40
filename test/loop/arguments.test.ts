// Wrong arguments of everything public: the error comes at the call, and names the argument, what
// was expected and what came.

import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, newEventLoop, setEventLoop } from "../../src/eventLoop.ts";
import { describe as describeValue } from "../../src/loop/arguments.ts";
import { run, runSync } from "../../src/run.ts";
import {
  allTasks,
  createTask,
  currentTask,
  ensureFuture,
  wrapFuture,
} from "../../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { Future } from "../../src/tasks/future.ts";
import { gather } from "../../src/tasks/gather.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { VirtualClock } from "../../src/testing.ts";
import { newVirtualLoop, runVirtually } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

/** Any value at all, as an unchecked program passes it. */
function wrong(value: unknown): never {
  return value as never;
}

/** Rejects with what `call` throws, or what its promise rejects with. Waits for no future: it may never be done. */
async function attempt(call: (value: never) => unknown, value: unknown): Promise<void> {
  const result = call(wrong(value));
  if (result instanceof Promise) await result;
}

describe("a callback that is no function is a TypeError", () => {
  const calls: Record<string, (callback: never) => unknown> = {
    callSoon: (callback) => loop.callSoon(callback),
    callLater: (callback) => loop.callLater(1, callback),
    callAt: (callback) => loop.callAt(1, callback),
    addDoneCallback: (callback) => loop.createFuture().addDoneCallback(callback),
  };

  test.each(Object.entries(calls))("for %s", (_, call) => {
    for (const callback of [undefined, null, 42, "text", {}, Promise.resolve(), sleep(1)]) {
      expect(() => call(wrong(callback))).toThrow(
        new TypeError(`Expected \`callback\` to be a function, got ${describeValue(callback)}`),
      );
    }
  });

  test.each<[string, (value: never) => unknown]>([
    ["handler", (value) => loop.setExceptionHandler(value)],
    ["factory", (value) => loop.setTaskFactory(value)],
  ])("for a %s", (name, call) => {
    expect(() => call(wrong(42))).toThrow(
      new TypeError(`Expected \`${name}\` to be a function, got \`42\` (number)`),
    );
  });
});

describe("a time that is no number", () => {
  const calls: Record<string, [string, (time: never) => unknown]> = {
    callLater: ["delay", (time) => loop.callLater(time, () => {})],
    callAt: ["when", (time) => loop.callAt(time, () => {})],
    sleep: ["delay", (time) => sleep(time)],
    newEventLoop: ["slice", (time) => newEventLoop({ slice: time })],
    VirtualClock: ["start", (time) => new VirtualClock(time)],
    advanceTo: ["when", (time) => new VirtualClock().advanceTo(time)],
  };

  test.each(Object.entries(calls))("is a TypeError for %s", (_, [name, call]) => {
    for (const time of ["soon", null, {}, 1n, Symbol("time"), [1]]) {
      expect(() => call(wrong(time))).toThrow(TypeError);
      expect(() => call(wrong(time))).toThrow(
        `Expected \`${name}\` to be a number of milliseconds, got ${describeValue(time)}`,
      );
    }
  });

  test.each(Object.entries(calls))("is a RangeError for %s if it is NaN", (_, [name, call]) => {
    expect(() => call(wrong(NaN))).toThrow(
      new RangeError(`Expected \`${name}\` to be a number of milliseconds, got \`NaN\``),
    );
  });
});

describe("what is no coroutine is a TypeError", () => {
  const values: Record<string, unknown> = {
    "a number": 42,
    "a promise": Promise.resolve(),
    "an async function": async () => {},
    "a function that gives none": () => 42,
    nothing: undefined,
  };

  test.each(Object.entries(values))("for createTask: %s", (_, value) => {
    expect(() => loop.createTask(wrong(value))).toThrow(TypeError);
    expect(() => createTask(wrong(value))).toThrow(TypeError);
    expect(() => loop.createTask(wrong(value))).toThrow("Expected `coro` to ");
  });

  test("and a promise gets a hint", () => {
    expect(() => loop.createTask(wrong(Promise.resolve()))).toThrow(
      "Expected `coro` to be a coroutine or a generator function, got `Promise` (object). " +
        "For a promise use `ensureFuture` or `fromPromise`",
    );
  });

  test.each(Object.entries(values))("for coroutine: %s", (_, fn) => {
    expect(() => coroutine(wrong(fn))).toThrow(TypeError);
    expect(() => coroutine(wrong(fn))).toThrow("Expected `fn` to be a generator function");
  });
});

describe("what cannot be awaited is a TypeError", () => {
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

  test.each(Object.entries(calls))("for %s", async (_, [name, call]) => {
    for (const value of [42, "text", null, undefined, {}]) {
      await expect(attempt(call, value)).rejects.toThrow(TypeError);
      await expect(attempt(call, value)).rejects.toThrow(`Expected \`${name}\` to be `);
    }
  });

  test.each([42, "text", null, undefined, {}])("for gather(%s), which is no list", (value) => {
    expect(() => gather(wrong(value))).toThrow("Expected `aws` to be a list of awaitables");
  });

  test("and a gather then starts nothing", () => {
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

describe("options of a wrong type are a TypeError", () => {
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

  test.each(Object.entries(calls))("for %s", async (_, call) => {
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

  test.each(Object.entries(fields))("for %s", async (_, [name, value, call]) => {
    await expect(attempt(call, { [name]: value })).rejects.toThrow(`Expected \`${name}\` to be `);
  });
});

test.each<[string, (loop: never) => unknown]>([
  ["setEventLoop", setEventLoop],
  ["currentTask", currentTask],
  ["allTasks", allTasks],
])("a loop that is none is a TypeError for %s", (_, call) => {
  expect(() => call(wrong("text"))).toThrow(TypeError);
  expect(() => call(wrong("text"))).toThrow('Expected `loop` to be an event loop, got `"text"`');
});

test("a task factory that makes no task is a TypeError", () => {
  loop.setTaskFactory(wrong(() => 42));

  expect(() => loop.createTask(sleep(1))).toThrow(
    "Expected the task factory to return a Task, got `42` (number)",
  );
});

describe("an error's words for a value", () => {
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
  ])("%o", (value, words) => {
    expect(describeValue(value)).toBe(words);
  });

  test("are short, however long the value is", () => {
    expect(describeValue("x".repeat(1_000)).length).toBeLessThan(60);
  });
});
