// The hooks that mark awaits in what Node loads, once `mysyncio/register` has been imported.

import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { pathToFileURL } from "node:url";
import { parseWithAcorn } from "./acornParser.ts";
import type { ModuleKind } from "./rewriteAwaits.ts";
import { rewriteWithInlineMap, TransformError } from "./rewriteFile.ts";
import { RUNTIME, RUNTIME_FILE } from "./runtime.ts";
import { fileOf, type Selection } from "./selection.ts";

/** What a load hook returns. */
export interface LoadedModule {
  readonly format?: string | null | undefined;
  readonly source?: unknown;
}

/** What a resolve hook returns. */
export interface ResolvedModule {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly shortCircuit?: boolean;
}

/**
 * Resolves `mysyncio/at` to the URL of its file, because Node may not find this package from a
 * dependency. Returns undefined for other specifiers.
 */
export function resolveOwn(specifier: string): ResolvedModule | undefined {
  if (specifier !== RUNTIME) return undefined;
  return { url: pathToFileURL(RUNTIME_FILE).href, format: "module", shortCircuit: true };
}

/** Returns the module that Node has loaded from `url`, with its awaits rewritten. */
export function rewriteLoaded<T extends LoadedModule>(
  url: string,
  loaded: T,
  selection: Selection,
): T {
  const file = url.startsWith("file:") ? fileOf(url) : undefined;
  const [, kind, types] = /^(module|commonjs)(-typescript)?$/.exec(loaded.format ?? "") ?? [];
  if (file === undefined || kind === undefined || !selection.has(file)) return loaded;
  // If there is no source, Node's CommonJS loader would read the file later, so read it here.
  const source = textOf(loaded.source) ?? readFileSync(file, "utf8");
  if (!source.includes("await")) return loaded;
  const code = types === undefined ? source : withoutTypes(source, file);
  const rewritten = rewriteScript(code, file, kind as ModuleKind, selection);
  return rewritten === undefined ? loaded : { ...loaded, format: kind, source: rewritten };
}

/** Returns the code of a file, with its awaits rewritten. Undefined if there are none. */
export function rewriteScript(
  code: string,
  file: string,
  kind: ModuleKind,
  { root }: Selection,
): string | undefined {
  return rewriteWithInlineMap(code, { file, root, parse: parseWithAcorn, kind });
}

/**
 * Removes types as Node does: replaces them with spaces, so that positions stay the same. If Node
 * is set to transform TypeScript, does that instead, and adds a source map.
 */
function withoutTypes(source: string, file: string): string {
  // This function exists in the versions of Node that load TypeScript.
  const { stripTypeScriptTypes } = nodeModule as unknown as {
    stripTypeScriptTypes(code: string, options: object): string;
  };
  const { typescript } = process.features as { typescript?: unknown };
  const mode = typescript === "transform" ? "transform" : "strip";
  try {
    return stripTypeScriptTypes(source, { mode, sourceMap: mode === "transform" });
  } catch (error) {
    throw new TransformError(`Node can't remove the types of ${file}: ${String(error)}`, {
      cause: error,
    });
  }
}

function textOf(source: unknown): string | undefined {
  if (source === null || source === undefined) return undefined;
  return typeof source === "string" ? source : Buffer.from(source as Uint8Array).toString("utf8");
}
