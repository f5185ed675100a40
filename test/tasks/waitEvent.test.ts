// One event of an EventTarget, or of an emitter in Node's style.

import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  events,
  sleep,
  timeout,
  waitEvent,
} from "../../src/index.ts";
import { runVirtually } from "../support/virtualLoop.ts";

type Listener = (...args: unknown[]) => void;

/** The least that behaves like Node's `EventEmitter`. */
class TinyEmitter {
  readonly listeners = new Map<string | symbol, Listener[]>();

  on(type: string | symbol, listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  removeListener(type: string | symbol, listener: Listener): void {
    const left = (this.listeners.get(type) ?? []).filter((other) => other !== listener);
    if (left.length > 0) this.listeners.set(type, left);
    else this.listeners.delete(type);
  }

  emit(type: string | symbol, ...args: unknown[]): void {
    for (const listener of this.listeners.get(type) ?? []) listener(...args);
  }
}

/** Runs `wait` and `act` concurrently, on a clock that stands still during a wait for an event. */
function outcome(wait: Coroutine<unknown>, act: () => void): unknown {
  return runVirtually(function* () {
    const waiting = createTask(wait);
    yield;
    act();
    try {
      return yield* waiting;
    } catch (error) {
      return error;
    }
  });
}

describe("waitEvent", () => {
  test("returns the event of an EventTarget", () => {
    const target = new EventTarget();
    const event = new Event("ready");
    const got = outcome(waitEvent(target, "ready"), () => {
      target.dispatchEvent(new Event("other"));
      target.dispatchEvent(event);
      target.dispatchEvent(new Event("ready"));
    });
    expect(got).toBe(event);
  });

  test("returns an emitter's arguments, and leaves no listener behind", () => {
    const emitter = new TinyEmitter();
    const got = outcome(waitEvent(emitter, "exit"), () => emitter.emit("exit", 1, "SIGTERM"));
    expect([got, emitter.listeners.size]).toEqual([[1, "SIGTERM"], 0]);
  });

  test("throws an error that an emitter reports, unless `error` is the awaited event", () => {
    const emitter = new TinyEmitter();
    const error = new Error("broken");
    const thrown = outcome(waitEvent(emitter, "exit"), () => emitter.emit("error", error));
    const given = outcome(waitEvent(emitter, "error"), () => emitter.emit("error", error));
    expect([thrown, given, emitter.listeners.size]).toEqual([error, [error], 0]);
  });

  test("throws a CancelledError when its signal aborts, with the reason as its cause", () => {
    const emitter = new TinyEmitter();
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const thrown = outcome(waitEvent(emitter, "exit", options), () => controller.abort("enough"));
    const early = outcome(waitEvent(emitter, "exit", options), () => undefined);
    for (const error of [thrown, early] as Error[]) {
      expect(error).toBeInstanceOf(CancelledError);
      expect(error.cause).toBe("enough");
    }
    expect(emitter.listeners.size).toBe(0);
  });

  test("leaves no listener behind when it is cancelled", () => {
    const emitter = new TinyEmitter();
    const waiting = createTaskAndCancel(emitter);
    expect([waiting, emitter.listeners.size]).toEqual([true, 0]);
  });

  test("listens only while it is awaited", () => {
    const emitter = new TinyEmitter();
    waitEvent(emitter, "exit");
    expect(emitter.listeners.size).toBe(0);
  });

  test("checks its arguments when it is called, not when it is awaited", () => {
    expect(() => waitEvent({} as EventTarget, "x")).toThrow("Expected `target` to be");
    expect(() => waitEvent(undefined as never, "x")).toThrow("Expected `target` to be");
    expect(() => waitEvent(new EventTarget(), 1 as never)).toThrow("Expected `type` to be");
    expect(() => waitEvent(new EventTarget(), "x", { signal: 1 as never })).toThrow(
      "Expected `signal` to be an AbortSignal",
    );
  });
});

function createTaskAndCancel(emitter: TinyEmitter): boolean {
  return runVirtually(function* () {
    const waiting = createTask(waitEvent(emitter, "exit"));
    yield;
    yield;
    waiting.cancel();
    yield* timeout(5, () => sleep(1));
    return waiting.cancelled();
  });
}

test("a symbol is a valid event type for an emitter, but not for an EventTarget", () => {
  const symbol = Symbol("x") as never;

  expect(() => waitEvent(new EventTarget(), symbol)).toThrow(
    "Expected `type` to be a string for an EventTarget, got `Symbol(x)` (symbol)",
  );
  expect(() => events(new EventTarget(), symbol)).toThrow(TypeError);
  expect(() => waitEvent(new TinyEmitter(), symbol)).not.toThrow();
});
