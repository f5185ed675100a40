// Finds the source of compiled code through its source map, which may be inline or in another file.

import { readFileSync, statSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { FrameSnapshot } from "../inspector/types.ts";

interface Origin {
  readonly fileName?: string;
  readonly lineNumber?: number;
  readonly columnNumber?: number;
}

/** The size of the largest file to read, in bytes. */
const LARGEST = 128 * 1024 * 1024;

/** The maps that were read, by file; null for a file without a readable map. */
const maps = new Map<string, SourceMap | null>();

/** Returns the frame with its location in the source; unchanged if that location is unknown. */
export function inSource(frame: FrameSnapshot): FrameSnapshot {
  const { file, line, column } = frame;
  if (file === null || line === null || column === null) return frame;
  const origin = mapOf(file)?.findOrigin(line, column) as Origin | undefined;
  if (origin?.fileName === undefined || origin.lineNumber === undefined) return frame;
  const source = URL.canParse(origin.fileName)
    ? origin.fileName
    : pathToFileURL(resolve(dirname(pathOf(file)), origin.fileName)).href;
  return { ...frame, file: source, line: origin.lineNumber, column: origin.columnNumber ?? null };
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) {
    map = readMap(file);
    maps.set(file, map);
  }
  return map;
}

function readMap(file: string): SourceMap | null {
  try {
    const path = pathOf(file);
    const comment = /^\/\/# sourceMappingURL=(\S+)\s*$/gm;
    const url = [...contentOf(path).matchAll(comment)].at(-1)?.[1];
    if (url === undefined) return null;
    const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(url)?.[1];
    const text =
      inline === undefined
        ? contentOf(resolve(dirname(path), decodeURIComponent(url)))
        : Buffer.from(inline, "base64").toString();
    return new SourceMap(JSON.parse(text));
  } catch {
    // Without a readable map, use the location in the compiled code.
    return null;
  }
}

/**
 * Returns a file's text, or "" if it is empty, too large or not a regular file. The path comes from
 * the inspected process, so it might be a pipe, and reading that could block forever.
 */
function contentOf(path: string): string {
  const file = statSync(path);
  // The files of /proc, some of which block, have no size.
  if (!file.isFile() || file.size === 0 || file.size > LARGEST) return "";
  return readFileSync(path, "utf8");
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}
