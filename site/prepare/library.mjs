// The modules that programs on the site import, the worker that runs them, and the elements of the
// pages. They share chunks, so that all modules of a worker have the same loop.

import { copyFileSync } from "node:fs";
import { build } from "esbuild";
import { at, PUBLIC } from "./places.mjs";

/** Writes these modules to lib/ of the site. */
export async function writeLibrary() {
  await build({
    entryPoints: [
      ...["mysyncio", "testing", "stage", "runner"].map((name) => `lib/${name}`),
      "elements/elements",
    ].map((name) => at(`site/src/${name}.ts`)),
    entryNames: "[name]",
    alias: {
      "mysyncio/inspector/element": at("dist/inspectorElement.js"),
      mysyncio: at("dist/index.js"),
    },
    ignoreAnnotations: true,
    outdir: `${PUBLIC}/lib`,
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "warning",
  });
  copyFileSync(at("dist/core.wasm"), `${PUBLIC}/lib/core.wasm`);
}
