// A program whose threads call TypeScript that imports modules, built for production and opened in
// a real browser. The other bundlers are in `test/bundlers`, which has its own lock file.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { EXPECTED, findingsAt, findingsIn } from "../bundlers/browse.mjs";
import { BUILDS, copyApp } from "../bundlers/build.mjs";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A copy of the program with the package installed. */
function newApp(worker: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  folders.push(folder);
  copyApp(folder, worker === "TypeScript");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PROJECT, join(folder, "node_modules", "mysyncio"), "junction");
  return folder;
}

test.each([
  ["vite", "JavaScript"],
  ["vite", "TypeScript"],
  ["esbuild", "JavaScript"],
])(
  "threads call TypeScript that imports modules, built by %s with a worker in %s",
  async (bundler, worker) => {
    const folder = newApp(worker);
    const built = await BUILDS[bundler]?.(folder);

    expect(await findingsIn(built as string)).toEqual(EXPECTED);
  },
);

test("threads call TypeScript that imports modules, served by Vite's development server", async () => {
  const { createServer } = await import("vite");
  const server = await createServer({
    root: newApp("TypeScript"),
    configFile: false,
    logLevel: "error",
    server: { port: 0, host: "127.0.0.1", fs: { strict: false } },
  });
  try {
    await server.listen();
    expect(await findingsAt(server.resolvedUrls?.local[0] as string)).toEqual(EXPECTED);
  } finally {
    await server.close();
  }
});
