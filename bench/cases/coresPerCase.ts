import { type Case, comparePhases, type Measured, type Outcome } from "../harness.ts";
import { Program } from "../programs/program.ts";

/** What tells most of what a loop does; each in two processes, one of which has no WebAssembly. */
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

/** How long the case takes once in that process, in nanoseconds for one operation. */
async function ask(program: Program, name: string): Promise<number> {
  return Number(await program.ask(name));
}

async function measure(rounds: number): Promise<Measured> {
  const outcomes: Outcome[] = [];
  for (const name of NAMES) {
    // Fresh ones for each case, as when it runs by itself.
    const compiled = Program.node("bench/programs/ours");
    const reference = Program.nodeWith(["--no-expose-wasm"], "bench/programs/ours");
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
  question: "What does the choice of the core mean for each case?",
  rounds: 2,
  measure,
} satisfies Case;
