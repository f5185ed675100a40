// Delivers the picture of a failing run: writes files, or calls a function of the program.

import { wrongType } from "../../lang/arguments.ts";
import { isError } from "../../lang/brands.ts";
import { readThrown, toText } from "../../lang/thrown.ts";
import { type FailingRun, htmlOf } from "./html.ts";
import { mermaidOf } from "./mermaid.ts";

/** The picture of a failing schedule: a lane for each task, with its steps, waits and wake-ups. */
export interface ScheduleReport {
  /** A whole page, which contains everything it needs. */
  readonly html: string;
  /** Markdown with a sequence diagram of Mermaid. */
  readonly mermaid: string;
}

/** A folder, or a function that gets the report. */
export type ReportTarget = string | ((report: ScheduleReport) => unknown);

interface Builtins {
  (
    name: "node:fs",
  ): {
    mkdirSync(path: string, options: { recursive: true }): void;
    writeFileSync(path: string, content: string): void;
  };
  (name: "node:path"): { resolve(...parts: string[]): string };
}

interface Platform {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    getBuiltinModule?: Builtins;
  };
}

/**
 * Returns the given target, by default the folder in the environment variable MYSYNCIO_REPORT.
 * Returns undefined if there is neither.
 *
 * @throws TypeError if `given` is neither a folder nor a function, or if it is a folder and the
 * platform has no files.
 */
export function reportTargetOf(given: unknown): ReportTarget | undefined {
  const { process } = globalThis as Platform;
  if (given === undefined) return process?.env?.["MYSYNCIO_REPORT"] || undefined;
  if (typeof given === "function") return given as ReportTarget;
  const isFolder = typeof given === "string" && given !== "";
  if (isFolder && process?.getBuiltinModule !== undefined) return given;
  const domain = isFolder
    ? "a function, because this platform has no files"
    : "a folder or a function";
  throw wrongType("report", domain, given);
}

/**
 * Delivers the report. Returns lines for the error message that say where the files are, or why the
 * report failed. Returns none if a function got the report. Never rejects, because that would hide
 * the failure of the program.
 */
export async function deliverPicture(
  target: ReportTarget,
  run: FailingRun,
  id: string,
): Promise<string[]> {
  try {
    const report = { html: htmlOf(run), mermaid: mermaidOf(run) };
    if (typeof target === "function") {
      await target(report);
      return [];
    }
    return write(target, report, id);
  } catch (error) {
    return [
      "",
      `The report failed: ${toText(isError(error) ? readThrown(error, "message") : error)}`,
    ];
  }
}

function write(folder: string, { html, mermaid }: ScheduleReport, id: string): string[] {
  const load = (globalThis as Platform).process?.getBuiltinModule as Builtins;
  const { mkdirSync, writeFileSync } = load("node:fs");
  const { resolve } = load("node:path");
  mkdirSync(folder, { recursive: true });
  const [page, diagram] = [resolve(folder, `${id}.html`), resolve(folder, `${id}.md`)];
  writeFileSync(page, html);
  writeFileSync(diagram, mermaid);
  return [
    "",
    "The timeline of this run, as a page and as a Mermaid diagram:",
    `    ${page}`,
    `    ${diagram}`,
  ];
}

/** Returns the files' name without its ending. Equal failures of a program get equal names. */
export function reportIdOf(
  main: (...args: never[]) => unknown,
  schedule: string,
  headline: string,
): string {
  const name = main.name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "main";
  let hash = 0x811c9dc5;
  for (const character of `${schedule}\n${headline}\n${main}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  }
  return `${name.slice(0, 40)}-${(hash >>> 0).toString(16).padStart(8, "0")}`;
}
