// Where to find `at` and `atEach`, to which the transform inserts calls.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package. */
export const OWN_PACKAGE = packageAround(dirname(fileURLToPath(import.meta.url)));

/** The specifier of the module with these functions. */
export const RUNTIME = "mysyncio/at";

/** The same module as CommonJS, because not every platform can require an ECMAScript module. */
export const COMMONJS_RUNTIME_FILE = join(OWN_PACKAGE, "dist", "at.cjs");

/**
 * The file of the ECMAScript module. Used in place of the specifier, because a dependency may be
 * installed in a folder from which this package can't be resolved.
 */
export const RUNTIME_FILE = join(OWN_PACKAGE, "dist", "at.js");

/** Returns `folder` or its nearest parent that has a package.json. */
function packageAround(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : packageAround(dirname(folder));
}
