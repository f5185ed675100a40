import { playwright } from "@vitest/browser-playwright";
import { configDefaults, defineConfig } from "vitest/config";
import { findBrowser } from "./.ci/browser.mjs";

declare module "vitest" {
  interface ProvidedContext {
    core: "wasm" | "js";
  }
}

const CORES = ["wasm", "js"] as const;
/** What meets values of the host. */
const IN_ANOTHER_REALM = [
  "test/realm.node.test.ts",
  "test/remote/remoteError.test.ts",
  "test/io/node/connection.node.test.ts",
  "test/tasks/{fromPromise,withSignal,exceptionGroup}.test.ts",
];
const executablePath = findBrowser();

// One suite, four times: both platforms, each over both cores. What meets the host's values once more, in a vm context.
export default defineConfig({
  test: {
    projects: [
      ...CORES.map((core) => ({
        extends: true as const,
        test: {
          name: `node-${core}`,
          provide: { core },
          exclude: [...configDefaults.exclude, "test/**/*.browser.test.ts"],
          pool: "forks" as const, // workers refuse --expose-gc
          execArgv: ["--expose-gc"],
        },
      })),
      // In a vm context of its own, where Node's errors and buffers are of another realm. It does not extend the rest, which
      // would add all files to its own.
      {
        esbuild: { target: "es2022" as const },
        test: {
          name: "node-vm",
          provide: { core: "wasm" },
          include: IN_ANOTHER_REALM,
          pool: "vmForks" as const,
          setupFiles: ["test/support/core.ts"],
          testTimeout: 60_000,
          execArgv: ["--expose-gc"],
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          exclude: [...configDefaults.exclude, "test/**/*.node.test.ts"],
          browser: {
            enabled: true,
            headless: true,
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
            instances: CORES.map((core) => ({
              browser: "chromium" as const,
              name: `browser-${core}`,
              provide: { core },
            })),
          },
        },
      },
    ],
    include: ["test/**/*.test.ts"],
    // For what hangs. How long a busy machine takes says nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["test/support/core.ts"],
    globalSetup: ["test/support/webSocketServer.ts"],
  },
  // Lowers decorators and `using` as the build does, by the same esbuild.
  esbuild: { target: "es2022" },
  // Found late, a dependency makes the page reload in the middle of a run.
  optimizeDeps: { include: ["fast-check"] },
});
