// The engine in this process.

import { expect, test, vi } from "vitest";
import { type Delivery, defineTask, FleetExecutor, memoryEngine } from "../../src/fleet.ts";
import { fromPromise, getRunningLoop, run, sleep } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { callNamed, testEngine, workerOptions } from "./support/conformance.ts";

const double = defineTask(import.meta.url, "double", (n: number) => 2 * n);

/** The number of loops that run in this thread. */
function runningLoops(): number {
  return (Reflect.get(globalThis, Symbol.for("mysyncio.loops")) as ReadonlySet<unknown>).size;
}

testEngine("in memory", { make: () => memoryEngine() });

test("a worker at its limit sets one timer, however many calls wait for it", async () => {
  await run(
    function* () {
      const engine = memoryEngine();
      const [client, limited, other] = [0, 1, 2].map(() => engine.open("queue")) as [
        ReturnType<typeof engine.open>,
        ReturnType<typeof engine.open>,
        ReturnType<typeof engine.open>,
      ];
      client.listen("c1", () => undefined);
      const taken: Delivery[] = [];
      const limit = { max: 1, duration: 1_000 };
      limited.consume({ ...workerOptions(), concurrency: 1_000, limit }, (one) => taken.push(one));
      other.consume({ ...workerOptions(), tasks: ["tasks#other"] }, () => undefined);
      const later = vi.spyOn(getRunningLoop(), "callLater");
      for (let n = 0; n < 50; n++) client.submit(callNamed(`c1-${n}`, { client: "c1" }));
      yield* sleep(10_500);

      expect(taken).toHaveLength(11);
      // There is one timer for each start, and one of `sleep`.
      expect(later.mock.calls.length).toBeLessThanOrEqual(13);
    },
    { clock: new VirtualClock() },
  );
});

test("engines used in a loop start no loop, and those used outside loops share one", async () => {
  const submit = (n: number) => new FleetExecutor({ engine: memoryEngine() }).submit(double, [n]);
  const inside = await run(function* () {
    const before = runningLoops();
    for (let n = 0; n < 3; n++) expect(yield* fromPromise(submit(n))).toBe(2 * n);
    return runningLoops() - before;
  });
  await submit(0);
  const before = runningLoops();
  expect(await Promise.all([1, 2, 3].map(submit))).toEqual([2, 4, 6]);

  expect([inside, runningLoops() - before]).toEqual([0, 0]);
});

test("two workers share one rate limit", async () => {
  await run(
    function* () {
      const engine = memoryEngine();
      const client = engine.open("queue");
      client.listen("c1", () => undefined);
      const begins: number[] = [];
      const options = {
        ...{ ...workerOptions(), concurrency: 1_000 },
        limit: { max: 2, duration: 1_000 },
      };
      for (const queue of [engine.open("queue"), engine.open("queue")]) {
        queue.consume(options, (delivery) => {
          begins.push(getRunningLoop().time());
          void delivery.end({ kind: "value", value: "[1]", worker: "w" });
        });
      }
      for (let n = 0; n < 8; n++) client.submit(callNamed(`c1-${n}`, { client: "c1" }));
      yield* sleep(10_000);

      expect(begins).toHaveLength(8);
      begins.slice(2).forEach((begin, index) => {
        expect(begin - (begins[index] as number)).toBeGreaterThanOrEqual(1_000);
      });
    },
    { clock: new VirtualClock() },
  );
});
