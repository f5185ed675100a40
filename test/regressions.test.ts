// Bugs found by reviews. Each test is a program that went wrong.

import { afterEach, describe, expect, test } from "vitest";
import {
  Context,
  ContextVar,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  type EventLoop,
  fromPromise,
  gather,
  Runner,
  sleep,
  type Task,
  wait,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { hostTimer } from "./support/host.ts";
import { newVirtualLoop, runDry, runVirtually } from "./support/virtualLoop.ts";

function* nothing(): Coroutine<void> {
  // ends at once
}

describe("two tasks that await each other, one of which was cancelled while it ran,", () => {
  test("end cancelled", () => {
    const [outer, inner] = runVirtually(function* () {
      let child: Task<void> | undefined;
      const parent: Task<void> = createTask(function* () {
        child = createTask(cancelAndAwait(currentTask() as Task<unknown>), { eagerStart: true });
        yield* child;
      });
      yield* wait([parent]);
      return [parent, child as unknown as Task<void>] as const;
    });
    expect([outer.cancelled(), inner.cancelled()]).toEqual([true, true]);
  });

  function* cancelAndAwait(task: Task<unknown>): Coroutine<void> {
    task.cancel();
    yield* task;
  }
});

describe("a user's iterator that returns the same result object each time", () => {
  const AGAIN = { done: false, value: undefined } as const;

  /** Yields three times. */
  const pauses = {
    [Symbol.iterator]() {
      let left = 3;
      return { next: () => (left-- > 0 ? AGAIN : ({ done: true, value: undefined } as const)) };
    },
  };

  const pauseInside = coroutine(function* (name: string): Coroutine<string> {
    yield* pauses;
    return name;
  });

  const pause = coroutine(function* (name: string): Coroutine<string> {
    return yield* pauseInside(name);
  });

  test("does not mix up the tasks that await it", () => {
    const names = runVirtually(() => gather([pause("a"), pause("b"), pause("c")]));
    expect(names).toEqual(["a", "b", "c"]);
  });
});

describe("a runner's context", () => {
  const variable = new ContextVar<string>("of a runner", { default: "default" });
  const get = function* (): Coroutine<string> {
    return variable.get();
  };

  test("is not replaced by the one passed for a single run", async () => {
    const runner = new Runner({ clock: new VirtualClock() });
    const set = function* (): Coroutine<void> {
      variable.set("of one run");
    };
    await runner.run(set, { context: new Context() });
    const found = await runner.run(get);
    await runner.close();
    expect(found).toBe("default");
  });

  test("is the one of its first use, even if variables are set outside between runs", async () => {
    const runner = new Runner({ clock: new VirtualClock() });
    await runner.run(nothing);
    const token = variable.set("set outside later");
    const found = await runner.run(get);
    variable.reset(token);
    await runner.close();
    expect(found).toBe("default");
  });
});

test("closing a runner that is already closing waits until it is closed", async () => {
  const trace: string[] = [];
  const runner = new Runner();
  await runner.run(function* () {
    createTask(function* () {
      try {
        yield* sleep(Infinity);
      } finally {
        yield* fromPromise(hostTimer());
        trace.push("cleaned");
      }
    });
    yield;
  });
  const first = runner.close();
  await runner.close();
  trace.push("closed");
  await first;
  expect(trace).toEqual(["cleaned", "closed"]);
});

describe("the exception handler, called for a callback that throws,", () => {
  const variable = new ContextVar<string>("of a callback", { default: "default" });

  function runWith(handler: () => void): void {
    const loop = newVirtualLoop();
    loop.setExceptionHandler(handler);
    loop.callSoon(() => {
      variable.set("request 7");
      throw new Error("thrown by a callback");
    });
    runDry(loop);
    loop.close();
  }

  test("sees the callback's context variables", () => {
    let found: string | undefined;
    runWith(() => {
      found = variable.get();
    });
    expect(found).toBe("request 7");
  });

  test("changes no variables outside the callback's context", () => {
    runWith(() => void variable.set("set by the handler"));
    expect(variable.get()).toBe("default");
  });
});

describe("debug mode", () => {
  interface Engine {
    prepareStackTrace?: unknown;
  }
  const { prepareStackTrace } = Error as Engine;
  let loop: EventLoop | undefined;

  afterEach(() => {
    (Error as Engine).prepareStackTrace = prepareStackTrace;
    loop?.close();
    loop = undefined;
  });

  test("tolerates a program whose stack traces are not strings", () => {
    (Error as Engine).prepareStackTrace = (_: unknown, frames: unknown) => frames;
    loop = newVirtualLoop({ debug: true });
    const task = loop.createTask(sleep(10, "slept"));
    runDry(loop);
    expect(task.result()).toBe("slept");
  });

  // The last test, because if it fails, no later loop of this file records places.
  test("rejects a value that is not a boolean, which could stop other loops from recording places", () => {
    loop = newVirtualLoop();
    expect(() => loop?.setDebug(undefined as never)).toThrow(TypeError);
  });
});
