// The size budgets. An entry counts as its users ship it: bundled with everything it imports,
// including the core, minified and gzipped. The core alone counts uncompressed, because older
// browsers compile only up to 4 KiB synchronously on a page's main thread.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const EVERYTHING = "*";
const LOOKS = "{ snapshot, statistics, startTrace, traceEvents }";
const FEW = "{ run, createTask, sleep, gather }";

/**
 * The code that a program ships that imports `names` from `entries`.
 *
 * @param {"node" | "browser"} platform
 * @param {(string | [entry: string, names: string])[]} entries
 */
function shipped(platform, names = EVERYTHING, ...entries) {
  const from = entries.length === 0 ? ["index"] : entries;
  const contents = from
    .map((entry) => (typeof entry === "string" ? [entry, names] : entry))
    .map(([entry, own]) => `export ${own} from "./dist/${entry}.js";`)
    .join("\n");
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: process.cwd() },
    platform,
    external: ["react", "vitest", "@opentelemetry/api", "./worker-*"],
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
 * The gzipped size of that code.
 *
 * @param {"node" | "browser"} platform
 * @param {(string | [entry: string, names: string])[]} entries
 */
export function shippedSize(platform, names = EVERYTHING, ...entries) {
  return gzipSync(shipped(platform, names, ...entries), { level: 9 }).length;
}

/**
 * The gzipped size of a file that is built with everything it imports.
 *
 * @param {string} file
 */
function sizeOfFile(file) {
  return gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
}

/** Words that occur only in the code of threads, executors and fleets. */
const WORDS_OF_THREADS = [
  ...["BroadcastChannel", "worker_threads", "piscina", "new Worker"],
  ...["bullmq", "ioredis", "FleetError"],
];

/** The words that occur in the main entry, which must contain none of them. */
export function threadsInMain() {
  const code = new TextDecoder().decode(shipped("node"));
  return WORDS_OF_THREADS.filter((word) => code.includes(word));
}

const BUDGET = 41.8125 * 1024;
const BUDGET_OF_FEW = 22.125 * 1024;
const BUDGET_OF_INSPECTOR = 6.5625 * 1024;
const BUDGET_OF_OTEL = 2 * 1024;
/** Without the two files that it loads later. */
const BUDGET_OF_ELEMENT = 25 * 1024;
const BUDGET_OF_GRAPH = 21 * 1024;
/**
 * What reads the page's own loops, and finds their warnings: a page of `mysyncio inspect` does
 * without it.
 */
const BUDGET_OF_PAGE = 14.3125 * 1024;
const BUDGET_OF_WARNINGS = 7 * 1024;
/** Includes all of the entry for Node. */
const BUDGET_OF_FLEET = 55.25 * 1024;
/** Of every command but `worker`, whose parts it loads later. */
const BUDGET_OF_COMMAND = 25 * 1024;
const BUDGET_IN_TARGET = 14.5625 * 1024;

/** Includes a parser and a reader of source maps. */
const BUDGET_OF_TRANSFORM = 64 * 1024;

/** Adapters, which contain little more than a few functions of the main entry. */
const ADAPTERS = ["express", "fastify", "hono", "fetch", "react"];
const BUDGET_OF_ADAPTER = 22.25 * 1024;
const BUDGET_OF_VITEST = 25 * 1024;

/** The sizes to check, with their limits. */
export function budgets() {
  return [
    { name: "main entry for Node, gzipped", size: shippedSize("node"), limit: BUDGET },
    { name: "main entry for a browser, gzipped", size: shippedSize("browser"), limit: BUDGET },
    { name: `import ${FEW}, gzipped`, size: shippedSize("browser", FEW), limit: BUDGET_OF_FEW },
    {
      name: "mysyncio/fleet, gzipped",
      size: shippedSize("node", EVERYTHING, "fleet"),
      limit: BUDGET_OF_FLEET,
    },
    { name: "mysyncio/at, gzipped", size: shippedSize("browser", EVERYTHING, "at"), limit: 400 },
    {
      name: "mysyncio/vite, gzipped",
      size: shippedSize("node", "{ default }", "vite"),
      limit: BUDGET_OF_TRANSFORM,
    },
    ...ADAPTERS.map((entry) => ({
      name: `mysyncio/${entry}, gzipped`,
      size: shippedSize(entry === "react" ? "browser" : "node", EVERYTHING, entry),
      limit: BUDGET_OF_ADAPTER,
    })),
    {
      name: "mysyncio/vitest, gzipped",
      size: shippedSize("node", EVERYTHING, "vitest"),
      limit: BUDGET_OF_VITEST,
    },
    {
      name: `what ${LOOKS} of mysyncio/inspector add, gzipped`,
      size: shippedSize("node", EVERYTHING, "index", ["inspector", LOOKS]) - shippedSize("node"),
      limit: BUDGET_OF_INSPECTOR,
    },
    {
      name: "what mysyncio/otel adds to mysyncio/inspector, gzipped",
      size:
        shippedSize("node", EVERYTHING, "otel", "inspector", "index") -
        shippedSize("node", EVERYTHING, "inspector", "index"),
      limit: BUDGET_OF_OTEL,
    },
    {
      name: "<mysyncio-inspector>, gzipped",
      size: sizeOfFile("inspectorElement.js"),
      limit: BUDGET_OF_ELEMENT,
    },
    {
      name: "its reading of a page, gzipped",
      size: sizeOfFile("inspectorPage.js"),
      limit: BUDGET_OF_PAGE,
    },
    { name: "its graph, gzipped", size: sizeOfFile("inspectorGraph.js"), limit: BUDGET_OF_GRAPH },
    {
      name: "what warnings of mysyncio/inspector adds to snapshot, gzipped",
      size:
        shippedSize("node", EVERYTHING, "index", ["inspector", "{ snapshot, warnings, ignore }"]) -
        shippedSize("node", EVERYTHING, "index", ["inspector", "{ snapshot }"]),
      limit: BUDGET_OF_WARNINGS,
    },
    {
      name: "the command, gzipped",
      size: shippedSize("node", EVERYTHING, "mysyncio"),
      limit: BUDGET_OF_COMMAND,
    },
    {
      name: "what it evaluates in a target, gzipped",
      size: sizeOfFile("inTarget.js"),
      limit: BUDGET_IN_TARGET,
    },
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
