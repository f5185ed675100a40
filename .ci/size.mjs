// The size budgets. An entry counts as its users ship it: bundled with all it
// imports, the core included, minified and gzipped. The core alone counts raw:
// older browsers compile only up to 4 KiB synchronously on a page's main thread.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const EVERYTHING = "*";
const FEW = "{ run, createTask, sleep, gather }";

/**
 * The code that a program ships that imports `names`.
 *
 * @param {"node" | "browser"} platform
 */
function shipped(platform, names = EVERYTHING) {
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
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/**
 * How large that is, gzipped.
 *
 * @param {"node" | "browser"} platform
 */
function shippedSize(platform, names = EVERYTHING) {
  return gzipSync(shipped(platform, names), { level: 9 }).length;
}

/** What threads and executors cannot do without. */
const WORDS_OF_THREADS = ["BroadcastChannel", "worker_threads", "piscina", "new Worker"];

/** What of that is in the main entry, which is to have none of it. */
export function threadsInMain() {
  const code = new TextDecoder().decode(shipped("node"));
  return WORDS_OF_THREADS.filter((word) => code.includes(word));
}

const BUDGET = 32.25 * 1024;
const BUDGET_OF_FEW = 19 * 1024;

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
  const words = threadsInMain();
  const found = words.length === 0 ? "none" : words.join(", ");
  console.log(
    `${words.length === 0 ? "ok  " : "OVER"} threads and executors in the main entry: ${found}`,
  );
  if (words.length > 0) process.exitCode = 1;
}
