// The plugin for webpack and Rspack. The loader that it adds does the work.

import { join } from "node:path";
import { OWN_PACKAGE, RUNTIME_FILE } from "./runtime.ts";
import { Selection, type TransformOptions } from "./selection.ts";

/** A plugin for webpack and Rspack. */
export interface WebpackPlugin {
  // biome-ignore lint/suspicious/noExplicitAny: webpack's own types belong to an optional package.
  apply(compiler: any): void;
}

const LOADER = join(OWN_PACKAGE, "dist", "webpackLoader.js");

/**
 * Returns a plugin for webpack and Rspack that marks awaits, so that `explore` can delay them. It
 * marks the awaits of files in the compiler's context, except in node_modules, and of the packages
 * in `dependencies`.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function webpackPlugin(options: TransformOptions = {}): WebpackPlugin {
  const selection = new Selection(options);
  return {
    apply(compiler) {
      selection.setRoot(compiler.context);
      selection.checkDependencies();
      compiler.options.module.rules.push({
        test: (path: string) => selection.has(path),
        // After the loaders that compile TypeScript.
        enforce: "post",
        use: [{ loader: LOADER, options: { selection } }],
      });
      const { NormalModuleReplacementPlugin } = compiler.webpack;
      new NormalModuleReplacementPlugin(/^mysyncio\/at$/, RUNTIME_FILE).apply(compiler);
    },
  };
}
