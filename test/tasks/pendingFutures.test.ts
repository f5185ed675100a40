import fc from "fast-check";
import { expect, test } from "vitest";
import { Future } from "../../src/index.ts";
import { PendingFutures } from "../../src/tasks/pendingFutures.ts";
import { collectGarbage } from "../support/garbage.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

/**
 * Steps, each with how many futures it adds or completes, and the index of the ones to complete,
 * modulo the number of futures.
 */
const steps = fc.array(
  fc.tuple(fc.constantFrom("come", "end"), fc.integer({ min: 1, max: 40 }), fc.nat()),
  { minLength: 2, maxLength: 40 },
);

test("pending futures are listed in the order in which they were added", () => {
  const loop = newVirtualLoop();
  fc.assert(
    fc.property(steps, (all) => {
      const pending = new PendingFutures();
      const model: Future<unknown>[] = [];
      for (const [what, times, place] of all) {
        for (let i = 0; i < times; i++) {
          if (what === "come") {
            const future = new Future<unknown>({ loop });
            pending.add(future);
            model.push(future);
          } else if (model.length > 0) {
            const [future] = model.splice(place % model.length, 1);
            future?.setResult(undefined);
            pending.settle();
          }
        }
        expect(pending.size).toBe(model.length);
        const told = [...pending];
        expect(told.length).toBe(model.length);
        expect(told.every((future, index) => future === model[index])).toBe(true);
      }
    }),
  );
  loop.close();
});

test("only a few completed futures are kept, and none once all are complete", async () => {
  const loop = newVirtualLoop();
  const pending = new PendingFutures();
  const made: WeakRef<Future<unknown>>[] = [];
  const open: Future<unknown>[] = [];
  // Functions, so that no local variable of the test keeps one alive.
  const begin = () => {
    const future = new Future<unknown>({ loop });
    pending.add(future);
    made.push(new WeakRef(future));
    open.push(future);
  };
  for (let i = 0; i < 1_000; i++) begin();
  const end = (count: number) => {
    for (const future of open.splice(0, count)) {
      future.setResult(undefined);
      pending.settle();
    }
  };
  const alive = () => made.filter((ref) => ref.deref() !== undefined).length;
  end(900);
  await collectGarbage(() => alive() <= 2 * 100 + 16);
  expect(alive()).toBeLessThanOrEqual(2 * 100 + 16);
  end(100);
  await collectGarbage(() => alive() === 0);
  expect([alive(), pending.size]).toEqual([0, 0]);
  loop.close();
});
