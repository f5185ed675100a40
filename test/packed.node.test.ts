// The published package is complete in itself.

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

test.each(packed.filter((path) => path.endsWith(".md")))(
  "%s links only to files that are packed",
  (page) => {
    const targets = [...read(page).matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, target = ""]) =>
      posix.join(posix.dirname(page), target),
    );
    expect(targets.filter((target) => !has(target))).toEqual([]);
  },
);

test("the README shows its images and links to its guides", () => {
  expect(read("README.md").match(/\]\((?!\w+:|#)[^)]+/g)?.length).toBeGreaterThan(5);
});

test("every source map refers to a packed source, or contains it", () => {
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

test("package.json names its main file, home page, repository, bug tracker and author", () => {
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
