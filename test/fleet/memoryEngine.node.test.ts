// The engine in this process.

import { expect, test, vi } from "vitest";
import { type Delivery, memoryEngine } from "../../src/fleet.ts";
import { getRunningLoop, run, sleep } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { callNamed, testEngine, workerOptions } from "./support/conformance.ts";

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
      // One for each start, and the one of `sleep`.
      expect(later.mock.calls.length).toBeLessThanOrEqual(13);
    },
    { clock: new VirtualClock() },
  );
});
