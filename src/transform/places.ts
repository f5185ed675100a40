// The places of awaits in reports: function, file, line and column in the original source.

import { dirname, isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { originalPositionFor, type SourceMapInput, TraceMap } from "@jridgewell/trace-mapping";

/** A source map, as an object or as its JSON. */
export type InputMap = string | object;

export interface PlaceOptions {
  /** The absolute path of the module. */
  readonly file: string;
  /** Paths in places are relative to this folder. */
  readonly root: string;
  /** The map from the module's code to its source, if the module was compiled. */
  readonly inputMap?: InputMap | undefined;
}

/** Returns a function that maps an offset of `code` to its place in the source. */
export function placesIn(code: string, { file, root, inputMap }: PlaceOptions) {
  const lineStarts = lineStartsOf(code);
  const map = inputMap === undefined ? undefined : new TraceMap(inputMap as SourceMapInput);
  let line = 0;
  /** Returns the place of `offset`, in the function named `functionName`. Offsets must ascend. */
  return (offset: number, functionName: string): string => {
    while ((lineStarts[line + 1] ?? Infinity) <= offset) line++;
    const column = offset - (lineStarts[line] ?? 0);
    const here = { source: null, line: line + 1, column };
    const at = map === undefined ? here : (mapped(map, here) ?? here);
    const source = at.source === null ? file : resolveSource(file, at.source);
    return `${functionName} (${shortPath(root, source)}:${at.line}:${at.column + 1})`;
  };
}

/** Returns the map in the last `sourceMappingURL` comment of `code`, if it is inline. */
export function inlineMapOf(code: string): string | undefined {
  const start = code.lastIndexOf(INLINE);
  if (start < 0) return undefined;
  const [head = "", data = ""] = code.slice(start + INLINE.length).split(",", 2);
  if (!head.includes("json")) return undefined;
  const text = data.trim();
  return head.endsWith(";base64")
    ? Buffer.from(text, "base64").toString("utf8")
    : decodeURIComponent(text);
}

// In two parts, so that this file contains no such comment itself.
const INLINE = `${"//# source"}MappingURL=data:`;

/** Returns the position in the source, if `map` contains one. */
function mapped(map: TraceMap, { line, column }: { line: number; column: number }) {
  const origin = originalPositionFor(map, { line, column });
  return origin.source === null ? undefined : origin;
}

function resolveSource(file: string, source: string): string {
  return source.startsWith("file:") ? fileURLToPath(source) : resolve(dirname(file), source);
}

/** Returns `path`, relative to `root` if it is inside `root`, with forward slashes. */
function shortPath(root: string, path: string): string {
  const short = relative(root, path);
  const isInside = short !== "" && !short.startsWith("..") && !isAbsolute(short);
  return (isInside ? short : path).replaceAll("\\", "/");
}

function lineStartsOf(code: string): number[] {
  const starts = [0];
  for (const { index, 0: ending } of code.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(index + ending.length);
  }
  return starts;
}
