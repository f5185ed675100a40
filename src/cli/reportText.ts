// How the reports of all commands name targets and places.

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

/** Returns the innermost place in the program's own code; empty if none is known. */
export function placeOf(stack: readonly FrameSnapshot[]): string {
  const frame = stack.findLast(({ file, isLibrary }) => file !== null && !isLibrary);
  return frame === undefined ? "" : `${shorten(frame.file as string)}:${frame.line}`;
}

/** Returns the program's own function that a task runs, outermost first. */
export function functionOfTask({ stack, coroutine }: TaskSnapshot): string {
  const own = stack.find(({ isLibrary }) => !isLibrary);
  // A bundler may have numbered the name.
  const ours = coroutine.replace(/\d+$/, "");
  if (stack.length > 0 && own === undefined) return `${ours} (mysyncio)`.trimStart();
  return (own === undefined ? coroutine : own.functionName) || "anonymous";
}

/** Shortens a path to what is below the current folder. */
export function shorten(file: string): string {
  if (/^(?!file:)[\w-]{2,}:/.test(file)) return printableText(file); // of a page, or node:
  const path = file.startsWith("file:") ? pathOf(file) : file;
  const own = relative(process.cwd(), path);
  return printableText(own === "" || own.startsWith("..") ? path : own);
}

/** A program may have named its source with an address that is no path. */
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
