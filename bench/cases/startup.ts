import { execFileSync } from "node:child_process";
import type { Case, Figure } from "../harness.ts";

const PROCESSES = 15;

const EMPTY = "";
const FIRST_TURN = 'import { run } from "mysyncio"; await run(function* () { yield; });';

/** How long a fresh process takes from its start to its end, in milliseconds. */
function lifetime(program: string): number {
  const start = performance.now();
  // In this folder the package finds itself by its name.
  execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: import.meta.dirname,
  });
  return performance.now() - start;
}

async function figures(): Promise<Figure[]> {
  const differences: number[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const empty = lifetime(EMPTY);
    differences.push(lifetime(FIRST_TURN) - empty);
  }
  differences.sort((a, b) => a - b);
  return [
    {
      what: "import and first turn, above an empty process",
      value: differences[PROCESSES >> 1] as number,
      unit: "ms",
      atMost: 10,
    },
  ];
}

export default {
  name: "startup",
  question: "How long does a fresh process take to its first turn?",
  figures,
} satisfies Case;
