// What `events` yields. One file, because all cases share the emitters.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventSource,
  type EventsOptions,
  events,
  forEach,
  getRunningLoop,
  iterate,
  moveOnAfter,
  QueueFull,
  race,
  run,
  sleep,
} from "../../src/index.ts";
import { dispose } from "../../src/lang/dispose.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

class Numbered extends Event {
  readonly n: number;

  constructor(n: number) {
    super("tick");
    this.n = n;
  }
}

/** A target that counts its listeners. */
class Target extends EventTarget {
  listeners = 0;
  #next = 1;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }

  tick(count = 1): void {
    for (let n = 0; n < count; n++) this.dispatchEvent(new Numbered(this.#next++));
  }
}

/** The behavior of Node's `EventEmitter`, for browsers too. */
class Emitter {
  readonly #listeners = new Map<string | symbol, ((...args: unknown[]) => void)[]>();

  on(type: string | symbol, listener: (...args: unknown[]) => void): this {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    return this;
  }

  removeListener(type: string | symbol, listener: (...args: unknown[]) => void): this {
    const left = (this.#listeners.get(type) ?? []).filter((other) => other !== listener);
    this.#listeners.set(type, left);
    return this;
  }

  emit(type: string | symbol, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(...args);
  }

  get listeners(): number {
    return [...this.#listeners.values()].flat().length;
  }
}

/** The numbers of all waiting events, and of the later ones. */
function* taken(source: AsyncIterable<Numbered, undefined>): Coroutine<unknown[]> {
  const items = iterate(source);
  const all: unknown[] = [];
  try {
    for (;;) {
      const result = yield* moveOnAfter(1, () => items.next());
      if (result === undefined) return [...all, "nothing"];
      if (result.done) return [...all, "end"];
      all.push(result.value.n);
    }
  } catch (error) {
    return [...all, error];
  } finally {
    yield* items.return();
  }
}

describe("events", () => {
  test("yields every event from the call on, including those between two reads", () => {
    const target = new Target();
    const got = runVirtually(function* () {
      target.tick();
      const ticks = events<Numbered>(target, "tick");
      target.tick();
      const all: number[] = [];
      createTask(function* () {
        for (const pause of [5, 0, 0, 20]) {
          yield* sleep(pause);
          target.tick(2);
        }
      });
      yield* moveOnAfter(200, () =>
        forEach(ticks, function* ({ n }) {
          all.push(n);
          yield* sleep(7);
        }),
      );
      return all;
    });

    expect(got).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(target.listeners).toBe(0);
  });

  test.each<[EventsOptions, number, unknown[]]>([
    [{}, 1_024, [1, 1_024, "nothing"]],
    [{}, 1_025, [1, 1_024, expect.any(QueueFull)]],
    [{ limit: 2 }, 5, [1, 2, expect.any(QueueFull)]],
    [{ limit: 2, overflow: "drop-oldest" }, 5, [4, 5, "nothing"]],
    [{ limit: 2, overflow: "drop-newest" }, 5, [1, 2, "nothing"]],
    [{ limit: Infinity }, 3_000, [1, 3_000, "nothing"]],
    [{ limit: 1, overflow: "drop-oldest" }, 3, [3, 3, "nothing"]],
  ])("with %o and %s events yields (first, last, end) %o", (options, count, expected) => {
    const target = new Target();
    const got = runVirtually(function* () {
      const ticks = events<Numbered>(target, "tick", options);
      target.tick(count);
      return yield* taken(ticks);
    });

    expect([got[0], got.at(-2), got.at(-1)]).toEqual(expected);
    expect(target.listeners).toBe(0);
  });

  test("throws an error with a hint when there are too many events, and stops listening", () => {
    const target = new Target();
    const states = runVirtually(function* () {
      const ticks = events<Numbered>(target, "tick", { limit: 3 });
      target.tick(4);
      const { listeners } = target;
      const got = yield* taken(ticks);
      return [listeners, String(got.at(-1)), yield* taken(ticks)];
    });

    expect(states).toEqual([
      0,
      'QueueFull: 3 events of "tick" are already waiting. Read them faster, or set `limit` or `overflow`',
      ["end"],
    ]);
  });

  test("does not count an event that goes straight to a waiting reader toward its limit", () => {
    const target = new Target();
    const got = runVirtually(function* () {
      const ticks = events<Numbered>(target, "tick", { limit: 1 });
      createTask(function* () {
        yield* sleep(0);
        target.tick(2);
      });
      return yield* taken(ticks);
    });

    expect(got).toEqual([1, 2, "nothing"]);
  });

  test("yields the arguments of an emitter, and ends with its `error` after the earlier events", () => {
    const emitter = new Emitter();
    const got = runVirtually(function* () {
      const items = iterate(events(emitter, "data"));
      emitter.emit("data", 1, "a");
      emitter.emit("data");
      emitter.emit("error", FAILURE);
      emitter.emit("data", 2);
      const all: unknown[] = [];
      for (let n = 0; n < 4; n++) {
        try {
          all.push((yield* items.next()).value);
        } catch (error) {
          all.push(error);
        }
      }
      return all;
    });

    expect(got).toEqual([[1, "a"], [], FAILURE, undefined]);
    expect(emitter.listeners).toBe(0);
  });

  test("yields the errors of an emitter if `error` is the event to listen for", () => {
    const emitter = new Emitter();
    const got = runVirtually(function* () {
      const items = iterate(events(emitter, "error"));
      emitter.emit("error", FAILURE);
      return (yield* items.next()).value;
    });

    expect(got).toEqual([FAILURE]);
  });

  test.each<[string, (source: EventSource<Event>) => Coroutine<unknown>]>([
    [
      "forEach is left by an error",
      (source) =>
        forEach(source, () => {
          throw FAILURE;
        }),
    ],
    ["forEach is cancelled", (source) => moveOnAfter(5, () => forEach(source, () => sleep(99)))],
    [
      "it is cancelled while it waits",
      (source) =>
        moveOnAfter(5, function* () {
          yield* forEach(source, () => sleep(0));
        }),
    ],
    ["its iterator is closed", (source) => iterate(source).return()],
    [
      "its iterator is forgotten",
      function* (source) {
        yield* createTask(function* () {
          yield* iterate(source).next();
        });
        yield* sleep(1);
      },
    ],
    [
      "a `using` block ends",
      function* (source) {
        source[dispose]();
        source[dispose]();
      },
    ],
  ])("stops listening when %s", (_, use) => {
    const target = new Target();
    runVirtually(function* () {
      const source = events(target, "tick");
      expect(target.listeners).toBe(1);
      target.tick();
      try {
        yield* use(source);
      } catch (error) {
        expect(error).toBe(FAILURE);
      }
      expect(target.listeners).toBe(0);
    });
  });

  test("stops listening at the end of the task that called it, if it was never read", () => {
    const target = new Target();
    runVirtually(function* () {
      const source = yield* createTask(function* () {
        const made = events<Numbered>(target, "tick");
        target.tick(2);
        return made;
      });
      yield* sleep(1);
      expect(target.listeners).toBe(0);
      expect(yield* taken(source)).toEqual(["end"]);
    });
  });

  test("returns an event to the next read if the read that got it loses a race", () => {
    const target = new Target();
    const got = runVirtually(function* () {
      const ticks = events<Numbered>(target, "tick");
      const clicks = events<Numbered>(target, "click");
      const [a, b] = [iterate(ticks), iterate(clicks)];
      createTask(function* () {
        yield* sleep(1);
        target.tick();
        target.dispatchEvent(new Event("click"));
      });
      const first = yield* race([a.next(), b.next()]);
      return [first.value?.type, yield* moveOnAfter(1, () => b.next())];
    });

    expect(got).toMatchObject(["tick", { value: { type: "click" } }]);
  });

  test("wakes a sleeping loop, for a coroutine and for `for await` outside loops", async () => {
    const target = new Target();
    const seen: number[] = [];
    setTimeout(() => target.tick(), 5);
    await run(function* () {
      seen.push((yield* iterate(events<Numbered>(target, "tick")).next()).value?.n ?? 0);
    });
    setTimeout(() => target.tick(), 5);
    for await (const { n } of events<Numbered>(target, "tick")) {
      seen.push(n);
      break;
    }

    expect(seen).toEqual([1, 2]);
    expect(target.listeners).toBe(0);
  });

  test("loses no event in any order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const target = new Target();
      const ticks = events<Numbered>(target, "tick", { limit: 10 });
      const seen: number[] = [];
      const read = function* (): Coroutine<void> {
        const items = iterate(ticks);
        while (seen.length < 4) seen.push((yield* items.next()).value?.n ?? 0);
      };
      createTask(function* () {
        for (let n = 0; n < 4; n++) {
          target.tick();
          yield;
        }
      });
      // The first reader may be cancelled, which does not close the source. The other reader then
      // continues with the next event.
      const items = iterate(ticks);
      const victim = createTask(
        function* () {
          const { value } = yield* items.next();
          seen.push(value?.n ?? 0);
        },
        { name: "victim" },
      );
      while (!victim.done()) yield* sleep(1);
      yield* read();
      expect(seen).toEqual([1, 2, 3, 4]);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test("checks its arguments when it is called, not when it is awaited", () => {
    const target = new EventTarget();
    expect(() => events(42 as never, "x")).toThrow("`target`");
    expect(() => events(target, 42 as never)).toThrow("`type`");
    expect(() => events(target, "x", { limit: 0 })).toThrow(RangeError);
    expect(() => events(target, "x", { limit: "1" as never })).toThrow("`limit`");
    expect(() => events(target, "x", { overflow: "drop" as never })).toThrow("`overflow`");
    expect(() => events(target, "x", 5 as never)).toThrow("`options`");
    expect(caught(() => events(null as never, "x"))).toBeInstanceOf(TypeError);
  });

  test("may be created outside a loop, and read on one", () => {
    const target = new Target();
    const ticks = events<Numbered>(target, "tick");
    target.tick();

    expect(runVirtually(taken(ticks))).toEqual([1, "nothing"]);
    expect(() => getRunningLoop()).toThrow();
    expect(target.listeners).toBe(0);
  });
});
