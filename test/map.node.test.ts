// The trips in src/README.md name functions that exist in the files they link to.

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SRC = new URL("../src/", import.meta.url);
const MAP = readFileSync(new URL("README.md", SRC), "utf8");

/** Each line of a trip that lists a file, with the functions to read there. */
const STOPS = [...MAP.matchAll(/^\d+\. \[.*?\]\((.*?\.ts)\): (.*)$/gm)].map(
  ([, file = "", names = ""]) => ({
    file,
    names: Array.from(names.matchAll(/`(.*?)`/g), ([, name = ""]) => name),
  }),
);

/** The number of files on each trip. */
const LENGTHS = MAP.split(/^### /m)
  .slice(1)
  .map((trip) => [...trip.matchAll(/^\d+\. \[.*?\]\(.*?\.ts\): /gm)].length);

test("the five paths in the map of the source have at most 5, 6, 7, 8 and 8 files", () => {
  expect(LENGTHS).toHaveLength(5);
  for (const [trip, most] of [5, 6, 7, 8, 8].entries()) {
    expect(LENGTHS[trip]).toBeGreaterThan(0);
    expect(LENGTHS[trip]).toBeLessThanOrEqual(most);
  }
});

test.each(STOPS)("$file defines the functions that the map names", ({ file, names }) => {
  const url = new URL(file, SRC);
  expect(existsSync(url)).toBe(true);
  const source = readFileSync(url, "utf8");
  expect(names.length).toBeGreaterThan(0);
  // A definition: a method, a function, a class, or a field that holds a function.
  const missing = names.filter(
    (name) =>
      !new RegExp(
        `^\\s*(?:(?:export|override|private|readonly|static|async|function ?\\*?|class|const|\\*) ?)*${name}(?: =|[<(]| extends| \\{)`,
        "m",
      ).test(source),
  );
  expect(missing).toEqual([]);
});
