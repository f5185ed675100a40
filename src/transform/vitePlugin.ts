// The plugin for Vite and Vitest.

import type { Rewritten } from "./rewriteAwaits.ts";
import {
  type RewriteContext,
  type RollupPlugin,
  resolveRuntime,
  rewriteModule,
} from "./rollupPlugin.ts";
import { Selection, type TransformOptions } from "./selection.ts";

/** A plugin for Vite. Its members are Vite's hooks. */
export interface VitePlugin extends Pick<RollupPlugin, "name" | "resolveId"> {
  /** Runs after the plugins that compile TypeScript, JSX and so on. */
  readonly enforce: "post";
  apply(config: object, environment: { command: string; mode: string }): boolean;
  config(): object;
  configResolved(config: { root: string }): void;
  transform(this: RewriteContext, code: string, id: string): Rewritten | undefined;
}

/**
 * Returns a plugin for Vite and Vitest that marks awaits, so that `explore` can delay them. It
 * marks the awaits of files in the project's root, except in node_modules, and of the packages in
 * `dependencies`, which Vitest then loads through Vite. Does nothing in a production build.
 *
 * @throws TypeError or RangeError for an invalid option
 *
 * @example
 * ```ts
 * import mysyncio from "mysyncio/vite";
 * import { defineConfig } from "vitest/config";
 *
 * export default defineConfig({ plugins: [mysyncio()] });
 * ```
 */
export function vitePlugin(options: TransformOptions = {}): VitePlugin {
  const selection = new Selection(options);
  return {
    name: "mysyncio",
    enforce: "post",
    apply: (_config, { command, mode }) => command !== "build" || mode !== "production",
    config() {
      const inline = selection.dependencies.map(folderPattern);
      return { test: { server: { deps: { inline } } } };
    },
    configResolved({ root }) {
      selection.setRoot(root);
      selection.checkDependencies();
    },
    resolveId: resolveRuntime,
    transform(code, id) {
      return rewriteModule(this, code, id, selection);
    },
  };
}

/** Matches the files of an installed package. */
function folderPattern(name: string): RegExp {
  return new RegExp(`/node_modules/${name.replaceAll(".", "\\.")}/`);
}
