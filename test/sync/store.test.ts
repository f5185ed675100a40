import fc from "fast-check";
import { expect, test } from "vitest";
import { Newest } from "../../src/sources/source.ts";
import { FirstInFirstOut } from "../../src/sync/store.ts";
import { scale } from "../support/effort.ts";

/**
 * Kinds of operations, each with the number of times it is repeated. Some numbers exceed the number
 * of places that a queue keeps.
 */
const steps = fc.array(
  fc.tuple(fc.constantFrom("add", "take", "put back"), fc.constantFrom(1, 10, 1_100, 3_000)),
  { minLength: 4, maxLength: 20, size: "max" },
);

test("a store returns items that were put back first, then the oldest, for any sequence of operations", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const store = new FirstInFirstOut<number | undefined>();
      const items: (number | undefined)[] = [];
      const returned: { item: number | undefined; order: number }[] = [];
      let made = 0;
      const next = () => (made++ % 7 === 0 ? undefined : made);
      for (const [what, times] of all) {
        for (let i = 0; i < times; i++) {
          const item = next();
          if (what === "take") {
            if (store.size === 0) break;
            const taken = store.take();
            const expected = returned.length > 0 ? returned.shift()?.item : items.shift();
            // A call of expect() takes longer than the operation.
            if (taken !== expected) expect(taken).toBe(expected);
          } else if (what === "add") {
            store.add(item);
            items.push(item);
          } else {
            // Mostly in order. Some items are older than those that were put back before.
            const order = made % 5 === 0 ? made - 7 : made;
            store.putBack(item, order);
            const place = returned.findLastIndex((other) => other.order <= order) + 1;
            returned.splice(place, 0, { item, order });
          }
        }
        expect(store.size).toBe(items.length + returned.length);
      }
    }),
    { numRuns: scale(10, 100, 30) },
  );
});

test("a store of the newest item keeps only the newest of several items, in whatever order they are put back", () => {
  for (const orders of [
    [1, 2],
    [2, 1],
  ]) {
    const store = new Newest<number>();
    for (const order of orders) store.putBack(order, order);
    expect(store.take()).toBe(2);

    store.add(3);
    store.putBack(1, 1);
    expect([store.take(), store.size]).toEqual([3, 0]);
  }
});
