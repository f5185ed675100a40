// The plugin for esbuild.

import { readFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { parseWithAcorn } from "./acornParser.ts";
import { kindOfFile } from "./moduleKind.ts";
import { rewriteWithInlineMap } from "./rewriteFile.ts";
import { RUNTIME_FILE } from "./runtime.ts";
import { SCRIPT, Selection, type TransformOptions } from "./selection.ts";

/** A plugin for esbuild. */
export interface EsbuildPlugin {
  readonly name: string;
  setup(build: EsbuildBuild): void;
}

/** The part of esbuild that the plugin uses. */
interface EsbuildCompiler {
  // biome-ignore lint/suspicious/noExplicitAny: esbuild's own types belong to an optional package.
  build(options: any): Promise<{ outputFiles?: { text: string }[] | undefined }>;
}

/** The part of a build that the plugin uses. */
interface EsbuildBuild {
  // biome-ignore lint/suspicious/noExplicitAny: esbuild's own types belong to an optional package.
  readonly initialOptions: any;
  readonly esbuild: EsbuildCompiler;
  onResolve(options: { filter: RegExp }, callback: () => { path: string }): void;
  onLoad(
    options: { filter: RegExp; namespace: string },
    callback: (args: { path: string }) => Promise<LoadedFile | undefined>,
  ): void;
}

/** A file that the plugin has transformed. */
interface LoadedFile {
  readonly contents: string;
  readonly loader: "js";
  readonly resolveDir: string;
}

/** The options of a build that also decide how a single file is compiled. */
const COMPILER_OPTIONS = [
  ...["absWorkingDir", "tsconfig", "tsconfigRaw", "loader", "jsx", "jsxDev", "jsxFactory"],
  ...["jsxFragment", "jsxImportSource", "jsxSideEffects"],
];
const DEFAULT_LOADERS: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

/**
 * Returns a plugin for esbuild that marks awaits, so that `explore` can delay them. It marks the
 * awaits of files in the working directory, except in node_modules, and of the packages that the
 * option `dependencies` lists.
 *
 * esbuild runs only the first plugin that loads a file. List this plugin after those that load
 * other languages. Use a `target` of ES2018 or later. For older targets, esbuild compiles async
 * generators to code that runs in a different order.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function esbuildPlugin(options: TransformOptions = {}): EsbuildPlugin {
  const selection = new Selection(options);
  return {
    name: "mysyncio",
    setup(build) {
      selection.setRoot(build.initialOptions.absWorkingDir ?? process.cwd());
      selection.checkDependencies();
      build.onResolve({ filter: /^mysyncio\/at$/ }, () => ({ path: RUNTIME_FILE }));
      build.onLoad({ filter: SCRIPT, namespace: "file" }, async ({ path }) => {
        if (!selection.has(path)) return undefined;
        const source = await readFile(path, "utf8");
        if (!source.includes("await")) return undefined;
        const contents = rewriteWithInlineMap(await javaScriptOf(path, source, build), {
          file: path,
          root: selection.root,
          parse: parseWithAcorn,
          fallback: kindOfFile(path),
        });
        if (contents === undefined) return undefined;
        return { contents, loader: "js", resolveDir: dirname(path) };
      });
    },
  };
}

/** Returns the file's code as JavaScript. If it is in another language, esbuild compiles it. */
async function javaScriptOf(path: string, source: string, build: EsbuildBuild): Promise<string> {
  const extension = extname(path);
  const loaders = { ...DEFAULT_LOADERS, ...build.initialOptions.loader };
  if ((loaders[extension] ?? "js") === "js") return source;
  const given = COMPILER_OPTIONS.filter((name) => build.initialOptions[name] !== undefined);
  const { outputFiles } = await build.esbuild.build({
    ...Object.fromEntries(given.map((name) => [name, build.initialOptions[name]])),
    entryPoints: [path],
    bundle: false,
    write: false,
    outdir: dirname(path),
    target: "esnext",
    sourcemap: "inline",
    logLevel: "silent",
  });
  return outputFiles?.[0]?.text ?? source;
}
