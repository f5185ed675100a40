import fc from "fast-check";
import { expect, test } from "vitest";
import { FirstInFirstOut } from "../../src/sync/store.ts";

/** So many of these, one after the other. Bursts are longer than what a line keeps places for. */
const steps = fc.array(
  fc.tuple(fc.constantFrom("add", "take", "put back"), fc.constantFrom(1, 10, 1_100, 3_000)),
  { minLength: 4, maxLength: 20, size: "max" },
);

test("the oldest item is next, whatever came and went before, and what came back before all", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const store = new FirstInFirstOut<number | undefined>();
      const items: (number | undefined)[] = [];
      const returned: (number | undefined)[] = [];
      let made = 0;
      const next = () => (made++ % 7 === 0 ? undefined : made);
      for (const [what, times] of all) {
        for (let i = 0; i < times; i++) {
          const item = next();
          if (what === "take") {
            if (store.size === 0) break;
            expect(store.take()).toBe(returned.length > 0 ? returned.shift() : items.shift());
          } else if (what === "add") {
            store.add(item);
            items.push(item);
          } else {
            store.putBack(item);
            returned.push(item);
          }
        }
        expect(store.size).toBe(items.length + returned.length);
      }
    }),
    { numRuns: 100 },
  );
});
