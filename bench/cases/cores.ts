import { ReferenceCore } from "../../src/core/referenceCore.ts";
import { newWasmCore } from "../../src/core/wasmCore.ts";
import { CORE_OPERATIONS, type CoreOperation, timeCore } from "../coreWork.ts";
import { type Case, comparePhases, type Measured, type Outcome } from "../harness/compare.ts";
import type { Target } from "../harness/targets.ts";
import { count, sized } from "../sizes.ts";

const OPERATIONS = sized(1_000_000);
const SIZES = [100, 10_000, 1_000_000].map((size) => Math.min(size, OPERATIONS));
const LARGEST = Math.max(...SIZES);

const TIMER_OPERATIONS: readonly CoreOperation[] = ["addTimer", "removeTimer", "turn"];

/** The compiled core is expected to be faster for timers, once the heap is large. */
function targetFor(size: number, operation: CoreOperation): Target {
  return size === LARGEST && TIMER_OPERATIONS.includes(operation) ? { atLeast: 1.3 } : {};
}

function compareAt(size: number, rounds: number): Promise<Outcome[]> {
  const cores = [newWasmCore(), new ReferenceCore()] as const;
  const times = OPERATIONS / size;
  return comparePhases(
    {
      what: (operation) => `${operation}, among ${count(size)}`,
      phases: CORE_OPERATIONS,
      operations: size * times,
      contestants: [
        { name: "compiled core", run: () => timeCore(cores[0], size, times) },
        {
          name: "reference core",
          run: () => timeCore(cores[1], size, times),
          target: (operation) => targetFor(size, operation),
        },
      ],
    },
    rounds,
  );
}

async function measure(rounds: number): Promise<Measured> {
  const outcomes: Outcome[] = [];
  for (const size of SIZES) outcomes.push(...(await compareAt(size, rounds)));
  return { outcomes };
}

export default {
  name: "cores",
  question: "Where is the compiled core faster than the reference core in TypeScript?",
  rounds: 3,
  measure,
} satisfies Case;
