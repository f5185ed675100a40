import { playwright } from "@vitest/browser-playwright";
import { configDefaults, defineConfig } from "vitest/config";
import { findBrowser } from "./.ci/browser.mjs";

declare module "vitest" {
  interface ProvidedContext {
    core: "wasm" | "js";
  }
}

const CORES = ["wasm", "js"] as const;
const executablePath = findBrowser();

// One suite, four times: both platforms, each over both cores.
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
