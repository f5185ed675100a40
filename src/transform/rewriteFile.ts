// Rewrites the awaits of a file for all plugins, or throws an error that explains why that is
// impossible.

import remapping from "@jridgewell/remapping";
import { type InputMap, inlineMapOf } from "./places.ts";
import { type RewriteOptions, type Rewritten, rewriteAwaits } from "./rewriteAwaits.ts";

/** A file can't be transformed. The cause is the parser's error. */
export class TransformError extends Error {
  override name = "TransformError";
}

/**
 * Rewrites the awaits of a file. Returns undefined if there are none.
 *
 * @throws TransformError if the file can't be parsed
 */
export function rewriteFile(code: string, options: RewriteOptions): Rewritten | undefined {
  try {
    return rewriteAwaits(code, options);
  } catch (error) {
    throw new TransformError(
      `mysyncio can't find the awaits in ${options.file}: ${String(error)}. ` +
        "mysyncio reads only JavaScript, so its plugin must run after the one that compiles this file. " +
        "Option `exclude` leaves the file as it is.",
      { cause: error },
    );
  }
}

/**
 * Rewrites the awaits of a file, and appends the source map to the code, for tools that have no
 * other way to pass maps. Returns undefined if there are no awaits.
 */
export function rewriteWithInlineMap(code: string, options: RewriteOptions): string | undefined {
  const inputMap = options.inputMap ?? inlineMapOf(code);
  const rewritten = rewriteFile(code, { ...options, inputMap });
  if (rewritten === undefined) return undefined;
  const map = inputMap === undefined ? rewritten.map : composedMap(rewritten, inputMap);
  const data = Buffer.from(map).toString("base64");
  // If the code already has a `sourceMappingURL` comment, this one counts, because it is the last.
  return `${rewritten.code}\n${COMMENT}data:application/json;base64,${data}\n`;
}

/** Returns the JSON of the map that leads from rewritten code through `inputMap` to the source. */
export function composedMap({ map }: Rewritten, inputMap: InputMap): string {
  return remapping([map, inputMap as string], () => null).toString();
}

// In two parts, so that this file contains no such comment itself.
const COMMENT = `${"//# source"}MappingURL=`;
