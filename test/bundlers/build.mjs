// How each bundler builds the program in `app`: as its users would, with a minimal configuration.
//
// Vite and esbuild are those of the project itself. The others come from this folder's own lock
// file.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The page, where the bundler makes none. */
const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>mysyncio in a bundler</title><link rel="icon" href="data:,"></head>
  <body><script type="module" src="./main.js"></script></body>
</html>
`;

/**
 * Builds the program in `folder`, and returns the folder to serve.
 *
 * @typedef {(folder: string) => Promise<string>} Build
 */

/** @type {Readonly<Record<string, Build>>} */
export const BUILDS = {
  async vite(folder) {
    const { build } = await import("vite");
    await build({ root: folder, configFile: false, logLevel: "error" });
    return join(folder, "dist");
  },

  // Neither bundler changes `new URL("./worker.js", import.meta.url)`, so the worker is a second
  // entry of that name.
  async esbuild(folder) {
    const { build } = await import("esbuild");
    await build({
      absWorkingDir: folder,
      entryPoints: ["main.ts", "worker.js"],
      bundle: true,
      splitting: true,
      minify: true,
      format: "esm",
      target: "es2022",
      outdir: "dist",
      logLevel: "error",
    });
    return withPage(folder);
  },

  async rollup(folder) {
    const { rollup } = await installed("rollup");
    const { default: resolve } = await installed("@rollup/plugin-node-resolve");
    const { default: typescript } = await installed("rollup-plugin-esbuild");
    const bundle = await rollup({
      input: { main: join(folder, "main.ts"), worker: join(folder, "worker.js") },
      plugins: [resolve({ browser: true }), typescript({ target: "es2022" })],
    });
    await bundle.write({ dir: join(folder, "dist"), format: "es", entryFileNames: "[name].js" });
    await bundle.close();
    return withPage(folder);
  },

  async webpack(folder) {
    const { default: webpack } = await installed("webpack");
    const loader = fileURLToPath(import.meta.resolve("ts-loader"));
    await compiled(
      webpack({
        ...shared(folder),
        module: {
          rules: [
            {
              test: /\.ts$/,
              loader,
              options: {
                transpileOnly: true,
                compilerOptions: { noEmit: false, allowImportingTsExtensions: false },
              },
            },
          ],
        },
      }),
    );
    return withPage(folder);
  },

  async rspack(folder) {
    const { rspack } = await installed("@rspack/core");
    const options = { jsc: { parser: { syntax: "typescript" }, target: "es2022" } };
    await compiled(
      rspack({
        ...shared(folder),
        module: {
          rules: [
            { test: /\.ts$/, type: "javascript/auto", loader: "builtin:swc-loader", options },
          ],
        },
      }),
    );
    return withPage(folder);
  },
};

/**
 * Makes a copy of the program, whose worker's module is TypeScript or JavaScript.
 *
 * @param {string} folder
 */
export function copyApp(folder, isTypeScript = false) {
  const app = new URL("./app/", import.meta.url);
  cpSync(app, folder, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  if (!isTypeScript) return;
  cpSync(join(folder, "worker.js"), join(folder, "worker.ts"));
  const main = join(folder, "main.ts");
  writeFileSync(main, readFileSync(main, "utf8").replace("./worker.js", "./worker.ts"));
}

/** @param {string} folder */
function shared(folder) {
  return {
    mode: /** @type {const} */ ("production"),
    context: folder,
    entry: { main: "./main.ts" },
    output: { path: join(folder, "dist"), publicPath: "./", filename: "[name].js" },
    resolve: { extensions: [".ts", ".js"] },
  };
}

/** @param {{ run(done: (error: Error | null, stats?: any) => void): void, close(done: () => void): void }} compiler */
function compiled(compiler) {
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error) reject(error);
        else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
        else resolve(undefined);
      });
    });
  });
}

/** @param {string} folder */
function withPage(folder) {
  writeFileSync(join(folder, "dist", "index.html"), PAGE);
  return join(folder, "dist");
}

/**
 * A bundler of this folder. Imported through a variable, because the checks of the project run
 * without it.
 *
 * @param {string} name
 */
function installed(name) {
  return import(name);
}
