import { execFileSync } from "node:child_process";
import type { Case, Measured } from "../harness/compare.ts";
import { at } from "../harness/paths.ts";
import { median } from "../harness/statistics.ts";
import { isTrial } from "../sizes.ts";

const PROCESSES = isTrial ? 1 : 11;

/** Prints how long the import took, then the first turn, then another turn. */
const PROGRAM = `
  const start = performance.now();
  const { run } = await import("mysyncio");
  const imported = performance.now();
  await run(function* () { yield; });
  const ran = performance.now();
  await run(function* () { yield; });
  console.log(JSON.stringify([imported - start, ran - imported, performance.now() - ran]));
`;
/** The cost of loading any module: one without a line of code. */
const EMPTY = `
  const start = performance.now();
  await import("data:text/javascript,export {}");
  console.log(JSON.stringify([performance.now() - start]));
`;

/**
 * The output of a program in a fresh process, and the lifetime of that process, in milliseconds.
 */
function outputOf(program: string): { printed: number[]; lifetime: number } {
  const start = performance.now();
  // Within this project the package resolves itself by its name.
  const text = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: at("."),
    encoding: "utf8",
  });
  return { printed: JSON.parse(text) as number[], lifetime: performance.now() - start };
}

async function measure(): Promise<Measured> {
  const rounds = Array.from({ length: PROCESSES }, () => ({
    empty: outputOf(EMPTY),
    ours: outputOf(PROGRAM),
  }));
  const printed = (index: number) =>
    median(rounds.map(({ ours }) => ours.printed[index] as number));
  const unit = "ms";
  return {
    figures: [
      { what: "import in a fresh process", value: printed(0), unit },
      {
        what: "import of an empty module there",
        value: median(rounds.map(({ empty }) => empty.printed[0] as number)),
        unit,
      },
      { what: "first turn after the import", value: printed(1), unit, atMost: 5 },
      { what: "a loop and its turn after that", value: printed(2), unit },
      {
        what: "all of it, above a process without it",
        value: median(rounds.map(({ empty, ours }) => ours.lifetime - empty.lifetime)),
        unit,
        atMost: 10,
      },
    ],
  };
}

export default {
  name: "startup",
  question: "How long does a fresh process take until its first turn?",
  measure,
} satisfies Case;
