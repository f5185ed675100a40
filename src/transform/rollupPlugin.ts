// The plugin for Rollup, and the parts that the plugin for Vite shares.

import { parseWithAcorn } from "./acornParser.ts";
import type { InputMap } from "./places.ts";
import type { Rewritten } from "./rewriteAwaits.ts";
import { rewriteFile } from "./rewriteFile.ts";
import { RUNTIME, RUNTIME_FILE } from "./runtime.ts";
import { fileOf, Selection, type TransformOptions } from "./selection.ts";
import type { ParseModule, SyntaxNode } from "./syntax.ts";

/** The part of Rollup's context that `resolveId` uses. */
interface ResolveContext {
  resolve(source: string, importer?: string, options?: { skipSelf?: boolean }): Promise<unknown>;
}

/** The part of Rollup's context that `transform` uses. */
export interface RewriteContext {
  parse(code: string): unknown;
  getCombinedSourcemap(): unknown;
}

/** A plugin for Rollup. Its members are Rollup's hooks. */
export interface RollupPlugin {
  readonly name: string;
  buildStart(): void;
  resolveId(this: ResolveContext, source: string, importer?: string): Promise<null | string>;
  readonly transform: {
    /** Runs after the plugins that compile TypeScript. */
    readonly order: "post";
    handler(this: RewriteContext, code: string, id: string): Rewritten | undefined;
  };
}

/**
 * Returns a plugin for Rollup that marks awaits, so that `explore` can delay them. By default, it
 * marks all awaits in the working directory, except in node_modules. It also marks those in the
 * packages that the option `dependencies` lists.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function rollupPlugin(options: TransformOptions = {}): RollupPlugin {
  const selection = new Selection(options);
  return {
    name: "mysyncio",
    buildStart() {
      selection.checkDependencies();
    },
    resolveId: resolveRuntime,
    transform: {
      order: "post",
      handler(code, id) {
        return rewriteModule(this, code, id, selection);
      },
    },
  };
}

/**
 * Implements the hook `resolveId` for the module with `at`. Returns the module's file if the module
 * can't be resolved from the importer, as in a dependency's folder. Returns null otherwise.
 */
export async function resolveRuntime(
  this: ResolveContext,
  source: string,
  importer?: string,
): Promise<null | string> {
  if (source !== RUNTIME) return null;
  const resolved = await this.resolve(source, importer, { skipSelf: true });
  // Null makes the bundler resolve the module itself, with the same result as here.
  return resolved === null ? RUNTIME_FILE : null;
}

/** Implements the hook `transform`. */
export function rewriteModule(
  context: RewriteContext,
  code: string,
  id: string,
  selection: Selection,
): Rewritten | undefined {
  const file = fileOf(id);
  if (file === undefined || !selection.has(file) || !code.includes("await")) return undefined;
  const parse: ParseModule = (text) => {
    try {
      return context.parse(text) as SyntaxNode;
    } catch {
      // The bundler's parser reads only modules, but Vitest also loads CommonJS. Acorn's error says
      // the same if the file is neither.
      return parseWithAcorn(text);
    }
  };
  const inputMap = context.getCombinedSourcemap() as InputMap;
  return rewriteFile(code, { file, root: selection.root, parse, inputMap });
}
