// The transform of code that this project has installed: compilers, bundlers, test runners and
// drivers of browsers, as far as they contain awaits.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseWithAcorn } from "../../src/transform/acornParser.ts";
import { rewriteAwaits } from "../../src/transform/rewriteAwaits.ts";
import { PACKAGE } from "./project.ts";

const LEAST_BYTES = 15 * 2 ** 20;
const ENOUGH_BYTES = 18 * 2 ** 20;
const LINE = /\r\n|[\n\r\u2028\u2029]/;

test("15 MB of installed code with awaits still parses after the transformation, and no line moves", () => {
  const folder = join(PACKAGE, "node_modules");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?js$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const failures: string[] = [];
  let bytes = 0;
  let transformed = 0;
  for (const file of files) {
    const code = readFileSync(file, "utf8");
    if (!code.includes("await")) continue;
    bytes += code.length;
    if (bytes > ENOUGH_BYTES) break;
    try {
      const rewritten = rewriteAwaits(code, { file, root: folder, parse: parseWithAcorn });
      if (rewritten === undefined) continue;
      transformed++;
      const before = code.split(LINE);
      const after = rewritten.code.split(LINE);
      // What was inserted leaves the rest of each line, in its order.
      const moved = before.findIndex((line, index) => !isWithin(line, after[index] ?? ""));
      if (after.length !== before.length || moved >= 0) failures.push(`${file}:${moved + 1}`);
      // The result is JavaScript again.
      parseWithAcorn(rewritten.code);
    } catch (error) {
      failures.push(`${file}: ${String(error)}`);
    }
  }
  expect(failures).toEqual([]);
  expect(transformed).toBeGreaterThan(20);
  expect(bytes).toBeGreaterThan(LEAST_BYTES);
});

/** Whether the characters of `line` occur in `text` in the same order. */
function isWithin(line: string, text: string): boolean {
  let next = 0;
  for (let index = 0; index < text.length && next < line.length; index++) {
    if (text[index] === line[next]) next++;
  }
  return next === line.length;
}
