import { type Case, comparePhases, type Measured, type Outcome } from "../harness/compare.ts";
import { Program } from "../programs/program.ts";
import { WITHOUT_WASM } from "../programs/withoutWasm.ts";

/**
 * The cases that cover most of a loop's work. Each runs in two processes, one of them without
 * WebAssembly.
 */
const NAMES = [
  "switch",
  "spawn",
  "future",
  "cancel",
  "timeout",
  "queue",
  "lock",
  "gather",
  "sleep",
  "callSoon",
  "timers",
  "webServer",
] as const;

/** The time of one run of the case in that process, in nanoseconds per operation. */
async function ask(program: Program, name: string): Promise<number> {
  return Number(await program.ask(name));
}

async function measure(rounds: number): Promise<Measured> {
  const outcomes: Outcome[] = [];
  for (const name of NAMES) {
    // Fresh processes for each case, as when it runs alone.
    const compiled = Program.node("bench/programs/ours");
    const reference = Program.nodeWith(WITHOUT_WASM, "bench/programs/ours");
    try {
      const [outcome] = await comparePhases(
        {
          what: () => name,
          phases: ["all"],
          operations: 1e6,
          contestants: [
            { name: "compiled core", run: async () => ({ all: await ask(compiled, name) }) },
            { name: "reference core", run: async () => ({ all: await ask(reference, name) }) },
          ],
        },
        rounds,
      );
      if (outcome !== undefined) outcomes.push(outcome);
    } finally {
      compiled.end();
      reference.end();
    }
  }
  return { outcomes };
}

export default {
  name: "coresPerCase",
  question: "How does the choice of the core affect each case?",
  rounds: 2,
  measure,
} satisfies Case;
