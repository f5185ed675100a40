import { execFileSync } from "node:child_process";
import type { Case, Measured } from "../harness.ts";
import { at } from "../places.ts";
import { isTrial } from "../sizes.ts";
import { median } from "../statistics.ts";

const PROCESSES = isTrial ? 1 : 11;

/** Prints how long the import took, how long the first turn after it, and how long one more. */
const PROGRAM = `
  const start = performance.now();
  const { run } = await import("mysyncio");
  const imported = performance.now();
  await run(function* () { yield; });
  const ran = performance.now();
  await run(function* () { yield; });
  console.log(JSON.stringify([imported - start, ran - imported, performance.now() - ran]));
`;
/** What any module of its own costs, without a line in it. */
const EMPTY = `
  const start = performance.now();
  await import("data:text/javascript,export {}");
  console.log(JSON.stringify([performance.now() - start]));
`;

/** What a program prints in a fresh process, and how long that lived: in milliseconds. */
function outputOf(program: string): { printed: number[]; lifetime: number } {
  const start = performance.now();
  // In this project the package finds itself by its name.
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
  question: "How long does a fresh process take to its first turn?",
  measure,
} satisfies Case;
