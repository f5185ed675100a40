import { copyFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";

const shared: Options = {
  format: "esm",
  target: "es2022",
  platform: "node",
  removeNodeProtocol: false,
  splitting: true,
  sourcemap: true,
  silent: true,
};

export default defineConfig([
  {
    ...shared,
    name: "package",
    entry: ["src/index.ts", "src/node.ts", "src/browser.ts", "src/testing.ts"],
    outDir: "dist",
    clean: true,
    onSuccess: () => copyFile("build/core.wasm", "dist/core.wasm"),
  },
  {
    ...shared,
    name: "programs",
    // Programs import the package by its name and so run what users get.
    entry: ["examples/*.ts", "bench/**/*.ts"],
    external: [/^mysyncio(\/|$)/],
    outDir: "build",
    esbuildOptions(options) {
      options.outbase = ".";
      options.chunkNames = "chunks/[name]-[hash]";
    },
  },
]);
