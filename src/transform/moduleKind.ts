// Determines how a file without imports and exports is loaded.

import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { ModuleKind } from "./rewriteAwaits.ts";

const kinds = new Map<string, ModuleKind>();

/**
 * Returns the kind of a file by Node's rules: an extension such as `.mjs` or `.cjs` decides;
 * otherwise, the nearest package.json does.
 */
export function kindOfFile(path: string): ModuleKind {
  if (/^\.m[jt]s$/.test(extname(path))) return "module";
  return /^\.c[jt]s$/.test(extname(path)) ? "commonjs" : kindOfFolder(dirname(path));
}

function kindOfFolder(folder: string): ModuleKind {
  let kind = kinds.get(folder);
  if (kind === undefined) {
    kind = kindIn(folder);
    kinds.set(folder, kind);
  }
  return kind;
}

function kindIn(folder: string): ModuleKind {
  const file = join(folder, "package.json");
  if (existsSync(file)) {
    const { type } = JSON.parse(readFileSync(file, "utf8")) as { type?: unknown };
    return type === "module" ? "module" : "commonjs";
  }
  return dirname(folder) === folder ? "commonjs" : kindOfFolder(dirname(folder));
}
