// Bundles the programs of the tests' browser workers. The test runner serves each source as a module
// of its own, and a worker that loads a hundred of them starts slowly.

import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export default function setup(): void {
  buildSync({
    entryPoints: ["test/support/workerParts.ts", "test/executors/tasks.ts"],
    absWorkingDir: ROOT,
    outdir: "build/workers",
    entryNames: "[name]",
    bundle: true,
    // The tasks share the state of the thread.
    splitting: true,
    format: "esm",
    target: "es2022",
  });
}
