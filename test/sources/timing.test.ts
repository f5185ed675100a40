// debounce, throttle and latest, on the virtual clock. One file, because the three share one
// timeline of items.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  debounce,
  events,
  forEach,
  getRunningLoop,
  type IterationSource,
  iterate,
  latest,
  moveOnAfter,
  Queue,
  run,
  type Source,
  sleep,
  throttle,
  wait,
} from "../../src/index.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

/** A queue that receives the time as an item at each of `times`, and then ends. */
function itemsAt(times: readonly number[], end = times.at(-1) ?? 0): Queue<number> {
  const queue = new Queue<number>();
  createTask(function* () {
    const loop = getRunningLoop();
    for (const time of times) {
      yield* sleep(time - loop.time());
      queue.putNowait(time);
    }
    yield* sleep(end - loop.time());
    queue.shutdown();
  });
  return queue;
}

/**
 * The items that `make` yields for items at `times`, with their times. A reader is busy for `busy`
 * after each.
 */
function given(
  times: readonly number[],
  make: (items: IterationSource<number>) => Source<number>,
  { end, busy = 0 }: { end?: number; busy?: number } = {},
): string {
  const out: string[] = [];
  runVirtually(function* () {
    const loop = getRunningLoop();
    yield* forEach(make(itemsAt(times, end)), function* (item) {
      out.push(`${item}@${loop.time()}`);
      if (busy > 0) yield* sleep(busy);
    });
    out.push(`end@${loop.time()}`);
  });
  return out.join(" ");
}

function* fail(): Coroutine<never> {
  throw FAILURE;
}

function* failing(): Generator<number> {
  yield 1;
  yield 2;
  throw FAILURE;
}

describe("debounce", () => {
  test.each<[number[], number, { end?: number; busy?: number }, string]>([
    [[0], 100, { end: 500 }, "0@100 end@500"],
    [[0, 50, 100], 100, { end: 500 }, "100@200 end@500"],
    [[0, 50, 200, 500], 100, { end: 900 }, "50@150 200@300 500@600 end@900"],
    [[0, 50], 100, {}, "50@50 end@50"],
    [[], 100, { end: 10 }, "end@10"],
    [[0, 1, 2], 0, { end: 9 }, "0@0 1@1 2@2 end@9"],
    [[0, 1, 2], -5, { end: 9 }, "0@0 1@1 2@2 end@9"],
    [[0, 1, 2], Infinity, { end: 9 }, "2@9 end@9"],
    // A busy reader finds the due item at once.
    [[0, 200, 600], 100, { end: 900, busy: 250 }, "0@100 200@350 600@700 end@950"],
    [[0, 200, 400], 100, { end: 900, busy: 500 }, "0@100 400@600 end@1100"],
  ])("turns items at %o with %s ms and %o into %s", (times, delay, how, expected) => {
    expect(given(times, (items) => debounce(items, delay), how)).toBe(expected);
  });

  test("yields the last item of each burst, like its model", () => {
    const gaps = fc.array(
      fc.integer({ min: 1, max: 100 }).filter((gap) => gap !== 50),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(gaps, (list) => {
        const times = list.map((_, index) => list.slice(0, index + 1).reduce((a, b) => a + b));
        const last = (times.at(-1) as number) + 1_000;
        const due = times.filter((time, index) => (times[index + 1] ?? last) - time > 50);
        const expected = [...due.map((time) => `${time}@${time + 50}`), `end@${last}`].join(" ");
        expect(given(times, (items) => debounce(items, 50), { end: last })).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });

  test("yields the waiting item before an error of the source", () => {
    const out: unknown[] = [];
    const main = forEach(debounce(failing(), 100), function* (item) {
      out.push(item);
    });

    expect(caught(() => runVirtually(main))).toBe(FAILURE);
    expect(out).toEqual([2]);
  });
});

describe("throttle", () => {
  test.each<[number[], number, { end?: number; busy?: number }, string]>([
    [[0], 100, { end: 500 }, "0@0 end@500"],
    [[0], 100, {}, "0@0 end@0"],
    [[0, 50, 60], 100, { end: 500 }, "0@0 60@100 end@500"],
    [[0, 50, 60], 100, {}, "0@0 60@100 end@100"],
    [[0, 150, 160, 170, 300], 100, { end: 500 }, "0@0 150@150 170@250 300@350 end@500"],
    [[0, 50, 110, 150, 220], 100, { end: 500 }, "0@0 50@100 150@200 220@300 end@500"],
    [[], 100, { end: 10 }, "end@10"],
    [[0, 1, 2], 0, { end: 9 }, "0@0 1@1 2@2 end@9"],
    [[0, 10, 250, 260, 900], 100, { end: 950, busy: 300 }, "0@0 260@300 900@900 end@1200"],
  ])("turns items at %o with %s ms and %o into %s", (times, delay, how, expected) => {
    expect(given(times, (items) => throttle(items, delay), how)).toBe(expected);
  });

  test("never yields two items within the pause, and never loses the last", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 150 }), (list, busy) => {
        const times = list.map((_, index) => list.slice(0, index + 1).reduce((a, b) => a + b));
        const out = given(times, (items) => throttle(items, 100), { busy })
          .split(" ")
          .slice(0, -1);
        const pairs = out.map((line) => line.split("@").map(Number) as [number, number]);
        expect(pairs[0]).toEqual([times[0], times[0]]);
        expect(pairs.at(-1)?.[0]).toBe(times.at(-1));
        pairs.forEach(([item, at], index) => {
          expect(at).toBeGreaterThanOrEqual(item);
          if (index > 0)
            expect(at - (pairs[index - 1] as [number, number])[1]).toBeGreaterThanOrEqual(100);
        });
      }),
      { numRuns: 50 },
    );
  });

  test("yields the waiting item before an error of the source", () => {
    const out: unknown[] = [];
    const main = function* (): Coroutine<void> {
      yield* forEach(throttle(failing(), 100), function* (item) {
        out.push(item, getRunningLoop().time());
      });
    };

    expect(caught(() => runVirtually(main))).toBe(FAILURE);
    expect(out).toEqual([1, 0, 2, 100]);
  });
});

describe("latest", () => {
  test.each<[number[], number, { end?: number; busy?: number }, string]>([
    [[0, 100, 200], 50, { end: 500 }, "0@50 100@150 200@250 end@500"],
    [[0, 100, 120], 50, { end: 500 }, "0@50 120@170 end@500"],
    [[0, 10, 20], 50, {}, "20@70 end@70"],
    [[], 50, { end: 10 }, "end@10"],
    // A result that a busy reader has not taken is outdated when the next item arrives.
    [[0, 100, 200, 300], 50, { end: 900, busy: 260 }, "0@50 300@350 end@900"],
  ])("turns items at %o, with bodies of %s ms and %o, into %s", (times, delay, how, expected) => {
    const body = (item: number) => sleep(delay, item);
    expect(given(times, (items) => latest(items, body), how)).toBe(expected);
  });

  test("cancels the previous body, and waits for its cleanup before it starts the next", () => {
    const trace: string[] = [];
    runVirtually(function* () {
      const loop = getRunningLoop();
      const body = function* (item: number, index: number): Coroutine<number> {
        trace.push(`${index}: ${item} begins at ${loop.time()}`);
        try {
          yield* sleep(100);
          return item;
        } finally {
          yield* sleep(30);
          trace.push(`${item} is over at ${loop.time()}`);
        }
      };
      yield* forEach(latest(itemsAt([0, 50, 60, 70]), body), function* (item) {
        trace.push(`got ${item} at ${loop.time()}`);
      });
    });

    expect(trace).toEqual([
      "0: 0 begins at 0",
      "0 is over at 80",
      "3: 70 begins at 80",
      "70 is over at 210",
      "got 70 at 210",
    ]);
  });

  test("never starts the body of an item that is already outdated", () => {
    const trace: number[] = [];
    const main = forEach(
      latest([1, 2, 3], function* (item) {
        trace.push(item);
        return item;
      }),
      function* (item) {
        trace.push(-item);
      },
    );
    runVirtually(main);

    expect(trace).toEqual([3, -3]);
  });

  test.each<[string, () => IterationSource<number>, (item: number) => Coroutine<unknown>]>([
    [
      "a body",
      () => [1],
      function* () {
        yield* sleep(1);
        throw FAILURE;
      },
    ],
    [
      "a body that cleans up",
      () => itemsAt([0, 5]),
      function* () {
        try {
          yield* sleep(9);
        } catch {
          yield* fail();
        }
      },
    ],
    ["the source", failing, (item) => sleep(9, item)],
  ])("throws the error of %s unchanged", (_, source, body) => {
    const main = function* (): Coroutine<void> {
      yield* forEach(latest(source(), body), () => sleep(0));
    };

    expect(caught(() => runVirtually(main))).toBe(FAILURE);
  });

  test("yields nothing for a body that ends cancelled, and continues", () => {
    const got: number[] = [];
    runVirtually(function* () {
      const other = createTask(sleep(Infinity));
      getRunningLoop().callLater(5, () => other.cancel());
      const body = function* (item: number): Coroutine<number> {
        if (item === 0) yield* other;
        return item;
      };
      yield* forEach(latest(itemsAt([0, 50]), body), function* (item) {
        got.push(item);
      });
    });

    expect(got).toEqual([50]);
  });
});

/** debounce, throttle and latest, each with fixed options. */
const OPERATORS: [string, (items: IterationSource<number>) => Source<number>][] = [
  ["debounce", (items) => debounce(items, 10)],
  ["throttle", (items) => throttle(items, 10)],
  ["latest", (items) => latest(items, (item) => sleep(5, item))],
];

describe.each(OPERATORS)("%s", (_, make) => {
  test("does nothing until it is read, and closes its source when it is left", () => {
    const trace: string[] = [];
    runVirtually(function* () {
      const queue = itemsAt([0, 30, 60]);
      const items = iterate(make(queue));
      yield* sleep(5);
      trace.push(`${queue.qsize()} left`);
      yield* items.next();
      yield* items.return();
      trace.push(`${(yield* items.next()).done}`);
    });

    expect(trace).toEqual(["1 left", "true"]);
  });

  test("closes an async generator when it is left, even if it was never read", async () => {
    const trace: string[] = [];
    let count = 0;
    const ticks = async function* (name: string): AsyncGenerator<number> {
      try {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield count++;
        }
      } finally {
        trace.push(`${name} closed`);
      }
    };
    await run(function* () {
      const items = iterate(make(ticks("read")));
      const reading = createTask(items.next());
      while (count === 0) yield* sleep(1);
      reading.cancel();
      yield* wait([reading]);
      yield* items.return();
      yield* iterate(make(ticks("unread"))).return();
      while (trace.length === 0) yield* sleep(1); // until it has yielded its current item
    });

    expect(trace).toEqual(["read closed"]); // a generator that never started has nothing to close
  });

  test("loses no item if a wait is cancelled", () => {
    const got = runVirtually(function* () {
      const items = iterate(make(itemsAt([0, 100])));
      const all: unknown[] = [];
      for (let n = 0; n < 400; n++) {
        const result = yield* moveOnAfter(1, () => items.next());
        if (result?.done) break;
        if (result !== undefined) all.push(result.value);
      }
      return all;
    });

    expect(got).toEqual([0, 100]);
  });

  test("passes on an error of its source, once", () => {
    const ends = runVirtually(function* () {
      const items = iterate(
        make(
          (function* (): Generator<number> {
            throw FAILURE;
          })(),
        ),
      );
      const all: unknown[] = [];
      for (let n = 0; n < 2; n++) {
        try {
          all.push((yield* items.next()).done);
        } catch (error) {
          all.push(error);
        }
      }
      return all;
    });

    expect(ends).toEqual([FAILURE, true]);
  });

  test("lets other tasks run even if its source always has another item", () => {
    const main = function* (): Coroutine<boolean> {
      const endless = function* (): Generator<number> {
        for (let n = 0; n < 10_000; n++) yield n;
      };
      const reader = createTask(forEach(make(endless()), () => sleep(0)));
      yield* sleep(0);
      yield* sleep(0);
      const isStill = !reader.done();
      reader.cancel();
      return isStill;
    };

    expect(runVirtually(main)).toBe(true);
  });

  test("yields its items to `for await`", async () => {
    const got: number[] = [];
    await run(
      async () => {
        for await (const item of make(itemsAt([0, 50, 100]))) got.push(item);
      },
      { clock: new VirtualClock() },
    );

    expect(got).toEqual([0, 50, 100]);
  });

  test("leaves nothing behind in any order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const queue = itemsAt([0, 1, 30]);
      const got: number[] = [];
      const victim = createTask(
        forEach(make(queue), function* (item) {
          got.push(item);
          yield;
        }),
        { name: "victim" },
      );
      while (!victim.done()) yield* sleep(5);
      if (!victim.cancelled()) expect(got.at(-1)).toBe(30);
    };

    await explore(main, { runs: 200, cancelPoints: "victim" });
  });
});

test("debounce, throttle and latest compose into a search box", () => {
  const trace: string[] = [];
  runVirtually(function* () {
    const loop = getRunningLoop();
    const input = Object.assign(new EventTarget(), { value: "" });
    const type = (text: string) => {
      input.value = text;
      input.dispatchEvent(new Event("input"));
    };
    for (const [at, text] of [
      [0, "a"],
      [100, "ab"],
      [600, "abc"],
      [2_000, "x"],
    ] as const)
      loop.callLater(at, () => type(text));
    const search = function* (): Coroutine<string> {
      const { value } = input;
      trace.push(`search ${value} at ${loop.time()}`);
      yield* sleep(value === "ab" ? 1_000 : 50);
      return `found ${value}`;
    };
    yield* moveOnAfter(3_000, () =>
      forEach(latest(debounce(events(input, "input"), 300), search), function* (found) {
        trace.push(`${found} at ${loop.time()}`);
      }),
    );
  });

  expect(trace).toEqual([
    "search ab at 400",
    "search abc at 900",
    "found abc at 950",
    "search x at 2300",
    "found x at 2350",
  ]);
});

test("debounce, throttle and latest check their arguments when called", () => {
  for (const make of [debounce, throttle]) {
    expect(() => make(42 as never, 1)).toThrow("`source`");
    expect(() => make([], "1" as never)).toThrow("`delay`");
    expect(() => make([], Number.NaN)).toThrow(RangeError);
  }
  expect(() => latest(null as never, () => sleep(1))).toThrow("`source`");
  expect(() => latest([], sleep(1) as never)).toThrow("`body`");
});
