import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findBrowser } from "./.ci/browser.mjs";
import { filesOf, laneOf, type Project } from "./test/lanes.ts";

declare module "vitest" {
  interface ProvidedContext {
    core: "wasm" | "js";
    effort: "usual" | "exhaustive";
  }
}

const CORES = ["wasm", "js"] as const;
const lane = laneOf(process.env["MYSYNCIO_LANE"]);
const executablePath = findBrowser();

function filesAndCore(name: Project, core: "wasm" | "js") {
  const effort: "usual" | "exhaustive" = lane === "exhaustive" ? lane : "usual";
  return { name, include: filesOf(name, lane), provide: { core, effort } };
}

function inNode(name: Project, core: "wasm" | "js", pool: "forks" | "vmForks" = "forks") {
  const globalSetup = name === "node-once" ? ["test/adapters/install.ts"] : [];
  const isolate = name.includes("-alone-");
  // Forks, because threads reject --expose-gc.
  const options = { pool, isolate, execArgv: ["--expose-gc"], globalSetup };
  return { extends: true as const, test: { ...filesAndCore(name, core), ...options } };
}

function inBrowser(name: "browser" | "browser-alone", isolate: boolean) {
  const instances = CORES.map((core) => ({
    browser: "chromium" as const,
    ...filesAndCore(`${name}-${core}`, core),
  })).filter(({ include }) => include.length > 0);
  const browser = {
    enabled: true,
    headless: true,
    // One page per project, because another one would load the package again.
    fileParallelism: false,
    screenshotFailures: false,
    provider: playwright({
      launchOptions: {
        ...(executablePath && { executablePath }),
        args: [
          "--js-flags=--expose-gc",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      },
    }),
    instances,
  };
  const include = instances.flatMap((instance) => instance.include);
  const globalSetup = ["test/support/workerBundle.ts"];
  return { extends: true as const, test: { name, include, isolate, browser, globalSetup } };
}

const projects = [
  inNode("node-once", "wasm"),
  ...CORES.flatMap((core) => [inNode(`node-${core}`, core), inNode(`node-alone-${core}`, core)]),
  inNode("node-vm", "wasm", "vmForks"), // Node's errors and buffers belong to another realm there
  inBrowser("browser", false),
  inBrowser("browser-alone", true),
];

// One suite on two platforms over two cores. test/lanes.ts lists what runs where.
export default defineConfig({
  test: {
    // With an empty list Vitest would search for test files itself.
    projects: projects.filter(({ test }) => test.include.length > 0),
    // More than two on a small machine, because many tests wait for programs that they start.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // For tests that hang. A time limit near the usual duration would fail on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Many tests run in real time, and a busy machine may stop them at any point. A test of random
    // programs is not repeated, because the next ones would be others.
    retry: { count: 1, condition: /^(?!Property failed)/ },
    setupFiles: ["test/support/core.ts"],
    globalSetup: ["test/support/webSocketServer.ts"],
  },
  // Lowers decorators and `using` with the same esbuild as the build.
  esbuild: { target: "es2022" },
  // All that the pages import. A dependency that is found late would make a page reload in the middle
  // of a run.
  optimizeDeps: {
    noDiscovery: true,
    include: [
      ...["fast-check", "react", "react-dom/client"],
      ...["preact", "@preact/signals-core", "d3-hierarchy", "@dagrejs/dagre"],
    ],
  },
});
