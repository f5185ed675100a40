// Bundles the programs of the tests' browser workers, because a worker starts slowly if it loads a
// hundred modules, and the test runner serves each source as a module of its own.

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
