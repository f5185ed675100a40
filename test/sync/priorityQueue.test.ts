import * as fc from "fast-check";
import { describe, expect } from "vitest";
import { PriorityQueue } from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

function filled<T>(items: readonly T[], queue = new PriorityQueue<T>()): PriorityQueue<T> {
  for (const item of items) queue.putNowait(item);
  return queue;
}

function drained<T>(queue: PriorityQueue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.getNowait());
  return items;
}

describe("a priority queue", () => {
  test("returns the smallest item first, and equal ones in order of arrival", () => {
    const items = fc.array(fc.record({ rank: fc.nat(5), id: fc.nat() }), { maxLength: 60 });
    fc.assert(
      fc.property(items, (list) => {
        const queue = filled(list, new PriorityQueue(0, { compare: (a, b) => a.rank - b.rank }));

        expect(drained(queue)).toEqual([...list].sort((a, b) => a.rank - b.rank));
      }),
    );
  });

  test("hands an item to a waiting getter at once, even if a smaller item follows", () => {
    const queue = new PriorityQueue<number>();
    const task = loop.createTask(queue.get());
    loop.callLater(1, () => filled([2, 1], queue));
    runDry(loop);

    expect([task.result(), drained(queue)]).toEqual([2, [1]]);
  });

  test("puts items of cancelled getters back by priority, before later equal ones", () => {
    const queue = new PriorityQueue<string>(0, { compare: (a, b) => Number(a[0]) - Number(b[0]) });
    const tasks = [1, 2].map(() => loop.createTask(queue.get()));
    loop.callLater(1, () => {
      filled(["1a", "1b", "1c", "0d", "2e"], queue);
      for (const task of tasks) task.cancel();
    });
    runDry(loop);

    expect(drained(queue).join(" ")).toBe("0d 1a 1b 1c 2e");
  });

  test.each(["less", null, 1])("rejects %o as its compare function", (compare) => {
    expect(() => new PriorityQueue(0, { compare: compare as never })).toThrow(TypeError);
  });

  test("rejects options of a wrong type", () => {
    expect(() => new PriorityQueue(0, null as never)).toThrow(TypeError);
  });
});

describe("the default order", () => {
  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ["numbers", [3, -1, Infinity, 0.5, -Infinity], [-Infinity, -1, 0.5, 3, Infinity]],
    ["bigints and numbers", [3n, 1, 2n, 2.5], [1, 2n, 2.5, 3n]],
    ["strings", ["b", "a", "", "B"], ["", "B", "a", "b"]],
    ["dates", [new Date(2), new Date(1)], [new Date(1), new Date(2)]],
    [
      "arrays, element by element",
      [[2], [1, "b"], [1], [1, "a", 5], [], [1, "a", -5]],
      [[], [1], [1, "a", -5], [1, "a", 5], [1, "b"], [2]],
    ],
    [
      "nested arrays",
      [
        [1, [2, 3]],
        [1, [2]],
        [0, [9]],
      ],
      [
        [0, [9]],
        [1, [2]],
        [1, [2, 3]],
      ],
    ],
  ])("compares %s", (_, items, order) => {
    expect(drained(filled(items))).toEqual(order);
  });

  test("compares objects whose valueOf returns a primitive", () => {
    const [one, two] = [1, 2].map((value) => ({ valueOf: () => value }));

    expect(drained(filled<unknown>([3, two, one, 0]))).toEqual([0, one, two, 3]);
  });

  test("compares lists up to the first difference, without comparing identical elements", () => {
    const [same, other] = [{ same: true }, { other: true }];
    const items = [
      [2, other],
      [1, same, "b"],
      [0, same],
      [1, same, "a"],
    ];

    expect(drained(filled(items))).toEqual([
      [0, same],
      [1, same, "a"],
      [1, same, "b"],
      [2, other],
    ]);
  });

  test.each<[string, readonly unknown[], unknown]>([
    ["a plain object", [], {}],
    ["NaN", [], NaN],
    ["a symbol", [], Symbol("s")],
    ["undefined", [], undefined],
    ["null", [], null],
    ["a boolean", [], true],
    ["a function", [], () => 1],
    ["an object without a prototype", [], Object.create(null)],
    ["an invalid date", [], new Date(NaN)],
    ["an array with NaN", [], [NaN]],
    ["a string among numbers", [1, 2], "3"],
    ["a number among strings", ["a"], 3],
    ["an array among numbers", [1], [1]],
    ["a number among arrays", [[1]], 1],
    ["different objects after the same priority", [[1, {}]], [1, {}]],
  ])("throws a TypeError at the put for %s, and changes nothing", (_, items, item) => {
    const queue = filled(items);
    for (const put of [() => queue.putNowait(item), () => void queue.put(item).next()]) {
      const error = caught(put);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("`compare`");
    }

    expect(queue.qsize()).toBe(items.length);
    for (const _item of items) queue.taskDone();
    expect(() => queue.taskDone()).toThrow(RangeError);
    expect(drained(queue)).toEqual(items);
  });

  test("makes put() throw at the call for an item without an order, even if a getter waits", () => {
    const queue = new PriorityQueue<unknown>();
    const task = loop.createTask(queue.get());
    runDry(loop);

    expect(() => queue.put({})).toThrow(TypeError);
    expect(() => queue.putNowait({})).toThrow(TypeError);
    expect(task.done()).toBe(false);
  });
});

describe("a compare function that fails", () => {
  /** Compares numbers, except 13. */
  function compare(a: number, b: number): number {
    if (a === 13 || b === 13) throw new RangeError("unlucky");
    return a - b;
  }

  test("for a waiting putter's item throws in that putter, and the next putter is admitted", () => {
    const queue = filled([1, 2], new PriorityQueue<number>(2, { compare }));
    const [unlucky, lucky] = [13, 3].map((item) => loop.createTask(queue.put(item)));
    runDry(loop);
    const got = queue.getNowait();
    runDry(loop);

    expect([got, String(unlucky!.exception()), lucky!.exception(), drained(queue)]).toEqual([
      1,
      "RangeError: unlucky",
      undefined,
      [2, 3],
    ]);
  });

  test("for an item that is put back keeps the item, and throws in the next getter", () => {
    let isStrict = true;
    const queue = new PriorityQueue<number>(0, {
      compare: (a, b) => (isStrict ? compare(a, b) : a - b),
    });
    const task = loop.createTask(queue.get());
    loop.callLater(1, () => {
      filled([13, 2, 1], queue);
      task.cancel();
    });
    runDry(loop);

    expect([task.cancelled(), queue.qsize()]).toEqual([true, 3]);
    expect(() => queue.getNowait()).toThrow("unlucky");
    expect(queue.qsize()).toBe(3);
    isStrict = false;
    expect(drained(queue)).toEqual([1, 2, 13]);
  });

  test("does not prevent shutdown(true) from dropping the remaining items", () => {
    let isFailing = false;
    const queue = filled(
      [1, 2, 3],
      new PriorityQueue<number>(0, { compare: (a, b) => (isFailing ? NaN : a - b) }),
    );
    isFailing = true;
    expect(() => queue.getNowait()).toThrow(TypeError);
    queue.shutdown(true);

    expect([queue.qsize(), queue.join().next().done]).toEqual([0, true]);
  });

  test.each([undefined, NaN, true, "1"])(
    "makes put fail with an error if its result is not a number: %o",
    (order) => {
      const queue = filled([1], new PriorityQueue<number>(0, { compare: () => order as never }));

      expect(() => queue.putNowait(2)).toThrow("Expected `compare` to return a number");
      expect(drained(queue)).toEqual([1]);
    },
  );
});
