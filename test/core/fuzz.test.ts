// Tests that any operations have the same effect on the compiled core as on the reference core.
//
// VITE_FUZZ_OPS sets another number of operations. When a run fails, VITE_FUZZ_SEED repeats it with
// the seed that it printed.

import { expect, test } from "vitest";
import { type CoreExports, instantiateCore } from "../../src/core/compile.ts";
import type { Priority } from "../../src/core/core.ts";
import { ReferenceCore } from "../../src/core/referenceCore.ts";
import { WasmCore } from "../../src/core/wasmCore.ts";
import { scale } from "../support/effort.ts";
import { fuzz, setting } from "./fuzz.ts";

const OPERATIONS = setting("VITE_FUZZ_OPS") ?? scale(50_000, 1_000_000);
const SEED = setting("VITE_FUZZ_SEED") ?? Date.now() % 2 ** 30;
const TIMEOUT = 600_000;

test(
  "both cores return the same for random programs",
  () => {
    const instances: { exports: CoreExports; before: Record<string, number> }[] = [];
    const coverage = fuzz(
      (counter, arrival) => {
        const exports = instantiateCore();
        instances.push({ exports, before: addressesIn(exports) });
        return new WasmCore(exports, counter, arrival);
      },
      { operations: OPERATIONS, seed: SEED },
    );

    const growths: Record<string, number> = { rows: 0, blocking: 0, visible: 0, background: 0 };
    for (const { exports, before } of instances) {
      for (const [region, address] of Object.entries(addressesIn(exports))) {
        if (address !== before[region]) growths[region] = (growths[region] ?? 0) + 1;
      }
    }
    console.log(`Seed ${SEED}:`, { ...coverage, programs: instances.length, growths });
    expect(coverage.operations).toBeGreaterThanOrEqual(OPERATIONS);
    for (const [what, count] of Object.entries({ ...coverage, ...growths })) {
      expect(count, what).toBeGreaterThan(0);
    }
  },
  TIMEOUT,
);

test("a difference is reported with the seed that repeats it", () => {
  class WrongCore extends ReferenceCore {
    override schedule(id: number, priority: Priority): void {
      super.schedule(id, priority === 2 ? 1 : priority);
    }
  }
  const failing = () => fuzz(() => new WrongCore(), { operations: 1_000, seed: SEED });

  expect(failing).toThrow(`seed: ${SEED}`);
});

/** The addresses of the regions, which change when they grow. */
function addressesIn({ memory, rings, states }: CoreExports): Record<string, number> {
  const words = new Uint32Array(memory.buffer, rings.value, 12);
  const [blocking = 0, , , , visible = 0, , , , background = 0] = words;
  return { rows: states.value, blocking, visible, background };
}
