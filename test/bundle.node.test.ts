// The code that users ship when they import from the main entry contains no byte of sockets,
// streams or servers.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EVERYTHING = "*";

/** Bundles a program that exports `names` from a file. */
async function bundle(names: string, file: string): Promise<{ text: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${names} from "./${file}";`, resolveDir: ROOT, loader: "ts" },
    absWorkingDir: ROOT,
    platform: file.includes("node") ? "node" : "neutral",
    bundle: true,
    minifySyntax: true,
    format: "esm",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  return { text: outputFiles[0]?.text ?? "", metafile };
}

/** The I/O modules in a bundle, and their sizes in bytes. */
function ioIn({ outputs }: Metafile): Record<string, number> {
  const inputs = Object.values(outputs).flatMap(({ inputs: all }) => Object.entries(all));
  return Object.fromEntries(
    inputs
      .filter(([file, { bytesInOutput }]) => file.startsWith("src/io/") && bytesInOutput > 0)
      .map(([file, { bytesInOutput }]) => [file, bytesInOutput]),
  );
}

describe.each([
  ["a few names", "{ run, createTask, sleep, gather }"],
  ["a name that I/O is built on", "{ run, iterate, Queue, fromPromise }"],
  ["everything", EVERYTHING],
])("a bundle of %s from the main entry", (_, names) => {
  test("includes no I/O module", async () => {
    expect(ioIn((await bundle(names, "src/index.ts")).metafile)).toEqual({});
  });

  test("includes no I/O code if it is made from the built package, whose modules are merged", async () => {
    const { text } = await bundle(names, "dist/index.js");

    // Names and messages that only I/O has.
    expect(text).not.toMatch(/IncompleteReadError|is already registered|ECONNABORTED|writeEof/);
    expect(text.length).toBeGreaterThan(10_000);
  });
});

test("the entry for Node does include I/O", async () => {
  const { metafile } = await bundle(EVERYTHING, join("src", "node.ts"));
  const { text } = await bundle(EVERYTHING, "dist/node.js");

  expect(Object.keys(ioIn(metafile))).toContain("src/io/streamReader.ts");
  for (const word of ["IncompleteReadError", "is already registered", "ECONNABORTED", "writeEof"]) {
    expect(text).toContain(word);
  }
});
