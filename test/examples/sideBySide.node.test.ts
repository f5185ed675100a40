// Tests that docs/side-by-side.md shows the examples' programs unchanged, and that these are as
// short as the page says.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const PAGE = read("docs/side-by-side.md");
const PROGRAMS = ["crawler", "fastifyServer", "searchBox"];

const linesOf = (name: string) => read(`examples/${name}.ts`).trimEnd().split("\n").length;

test("docs/side-by-side.md shows the programs unchanged", () => {
  const shown = [...PAGE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

  expect(shown).toEqual(
    PROGRAMS.flatMap((name) => [read(`examples/${name}.ts`), read(`examples/plain/${name}.ts`)]),
  );
});

test.each(PROGRAMS)("%s has fewer than 60 lines, and fewer than its plain version", (name) => {
  const [ours, plain] = [linesOf(name), linesOf(`plain/${name}`)];

  expect(ours).toBeLessThan(60);
  expect(ours).toBeLessThan(plain);
  expect(PAGE).toMatch(new RegExp(`\\| ${ours} lines +\\| ${plain} lines \\|`));
});
