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

/**
 * Bundling makes every top-level `const` a `var`, which V8 before 12.8 does not take for constant: it then loads masks
 * and functions again at each use, which costs a sixth of a task switch. This turns them back, where nothing assigns.
 */
const keepConstants: NonNullable<Options["plugins"]>[number] = {
  name: "keep-constants",
  renderChunk(code) {
    return {
      code: code.replace(/^var (\w+) =/gm, (declaration, name: string) => {
        const assignment = new RegExp(
          `(?<![.\\w])${name} (?:[-+*/|&?]{0,2})=[^=]|(?:\\+\\+|--)${name}\\b|\\b${name}(?:\\+\\+|--)`,
          "g",
        );
        return (code.match(assignment)?.length ?? 0) > 1 ? declaration : `const ${name} =`;
      }),
    };
  },
};

export default defineConfig([
  {
    ...shared,
    name: "package",
    entry: [
      ...["src/index.ts", "src/node.ts", "src/browser.ts", "src/testing.ts"],
      // What the threads of executors load.
      ...["src/executors/node/nodeThread.ts", "src/executors/browser/browserThread.ts"],
    ],
    esbuildOptions(options) {
      options.entryNames = "[name]";
    },
    outDir: "dist",
    clean: true,
    plugins: [keepConstants],
    onSuccess: () => copyFile("build/core.wasm", "dist/core.wasm"),
  },
  {
    ...shared,
    name: "programs",
    // Programs import the package by its name and so run what users get.
    entry: [
      "examples/*.ts",
      "bench/{main,child,soak}.ts",
      "bench/browser/main.ts",
      "bench/{cases,programs}/*.ts",
    ],
    external: [/^mysyncio(\/|$)/, /^comlink(\/|$)/, "esbuild", "piscina", "playwright", "ws"],
    outDir: "build",
    esbuildOptions(options) {
      options.outbase = ".";
      options.chunkNames = "chunks/[name]-[hash]";
    },
  },
]);
