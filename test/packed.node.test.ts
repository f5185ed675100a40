// Is what npm publishes complete in itself?

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The paths that are packed. */
const packed: string[] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
  }),
)[0].files.map(({ path }: { path: string }) => path);

const read = (path: string) => readFileSync(`${ROOT}${path}`, "utf8");
const has = (path: string) =>
  packed.some((file) => file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`));

test("every link and picture of the README is packed", () => {
  const targets = [...read("README.md").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
    ([, target = ""]) => posix.normalize(target),
  );
  expect(targets.length).toBeGreaterThan(5);
  expect(targets.filter((target) => !has(target))).toEqual([]);
});

test("every map of declarations or code leads to a source that is packed, or has it inside", () => {
  const maps = packed.filter((path) => path.endsWith(".map"));
  expect(maps.filter((path) => path.endsWith(".d.ts.map")).length).toBeGreaterThan(20);
  const lost = maps.flatMap((path) => {
    const { sources, sourcesContent } = JSON.parse(read(path)) as {
      sources: string[];
      sourcesContent?: string[];
    };
    if (sourcesContent !== undefined) return [];
    return sources.filter((source) => !has(posix.join(posix.dirname(path), source)));
  });
  expect(lost).toEqual([]);
});

test("package.json names its main file, its home, its repository, its bugs and its author", () => {
  const metadata = JSON.parse(read("package.json"));
  expect(has(posix.normalize(metadata.main))).toBe(true);
  expect(metadata.main).toBe(metadata.exports["."].default);
  expect(metadata).toMatchObject({
    homepage: expect.stringMatching(/^https:/),
    repository: { type: "git", url: expect.stringMatching(/^git\+https:/) },
    bugs: { url: expect.stringMatching(/^https:/) },
    author: expect.stringMatching(/./),
  });
});
