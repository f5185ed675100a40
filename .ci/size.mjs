// The size budgets. An entry counts as its users ship it: bundled with all it
// imports, the core included, minified and gzipped. The core alone counts raw:
// older browsers compile only up to 4 KiB synchronously on a page's main thread.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const EVERYTHING = "*";
const FEW = "{ run, createTask, sleep, gather }";

/**
 * What a program ships that imports `names`.
 *
 * @param {"node" | "browser"} platform
 */
function shippedSize(platform, names = EVERYTHING) {
  const { outputFiles } = buildSync({
    stdin: { contents: `export ${names} from "./dist/index.js";`, resolveDir: process.cwd() },
    platform,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

const BUDGET = 25 * 1024;
const BUDGET_OF_FEW = 15.1 * 1024;

/** What is shipped, and how large it may be. */
export function budgets() {
  return [
    { name: "main entry for Node, gzipped", size: shippedSize("node"), limit: BUDGET },
    { name: "main entry for a browser, gzipped", size: shippedSize("browser"), limit: BUDGET },
    { name: `import ${FEW}, gzipped`, size: shippedSize("browser", FEW), limit: BUDGET_OF_FEW },
    { name: "core.wasm", size: readFileSync("dist/core.wasm").length, limit: 4_095 },
  ];
}

if (process.argv[1]?.endsWith("size.mjs")) {
  for (const { name, size, limit } of budgets()) {
    console.log(`${size <= limit ? "ok  " : "OVER"} ${name}: ${size} of ${limit} bytes`);
    if (size > limit) process.exitCode = 1;
  }
}
