// How the reports of all commands name targets and locations.

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { titleOf } from "../inspector/node/target.ts";
import type { FrameSnapshot, TaskSnapshot } from "../inspector/types.ts";
import { printableText } from "./printable.ts";

/** Describes the target, such as `process 12 (app.js)`. */
export function titleIn(reading: Pick<ThreadReading, "pid" | "thread" | "program">): string {
  return titleOf(reading, shorten(reading.program));
}

/** Matches files of packages that the program has installed. */
const INSTALLED = /[/\\]node_modules[/\\]/;

/**
 * Returns the innermost location in the program's own code. If there is none, returns the innermost
 * in an installed package; if no location is known, an empty string.
 */
export function placeOf(stack: readonly FrameSnapshot[]): string {
  const known = stack.filter(({ file, isLibrary }) => file !== null && !isLibrary);
  const frame = known.findLast(({ file }) => !INSTALLED.test(file as string)) ?? known.at(-1);
  return frame === undefined ? "" : `${shorten(frame.file as string)}:${frame.line}`;
}

/**
 * Returns the name of the program's outermost function in a task's stack. Without one, returns the
 * name of the task's coroutine, followed by `(mysyncio)` if the stack is not empty.
 */
export function functionOfTask({ stack, coroutine }: TaskSnapshot): string {
  const own = stack.find(({ isLibrary }) => !isLibrary);
  // A bundler may have added a number to the name.
  const ours = coroutine.replace(/\d+$/, "");
  if (stack.length > 0 && own === undefined) return `${ours} (mysyncio)`.trimStart();
  return (own === undefined ? coroutine : own.functionName) || "anonymous";
}

/** Returns the path of a file, relative to the current folder if the file is below it. */
export function shorten(file: string): string {
  if (/^(?!file:)[\w-]{2,}:/.test(file)) return printableText(file); // a page's URL, or node:fs
  const path = file.startsWith("file:") ? pathOf(file) : file;
  const own = relative(process.cwd(), path);
  return printableText(own === "" || own.startsWith("..") ? path : own);
}

/**
 * Returns the path of a URL; the URL itself if it has none, because programs can name their sources
 * anything.
 */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/** Formats a duration: `240 ms`, `3.1 s` or `5 min`. */
export function ageText(duration: number): string {
  if (duration < 1_000) return `${Math.round(duration)} ms`;
  if (duration < 120_000) return `${(duration / 1_000).toFixed(1)} s`;
  return `${Math.round(duration / 60_000)} min`;
}

/** Formats a number with its noun: `1 task`, `2,000 tasks`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats rows as a table. The columns whose index is in `numbers` are aligned to the right. */
export function aligned(rows: readonly string[][], numbers: readonly number[] = []): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      numbers.includes(column)
        ? cell.padStart(widths[column] ?? 0)
        : cell.padEnd(widths[column] ?? 0),
    );
    return `  ${cells.join("  ")}`.trimEnd();
  });
}
