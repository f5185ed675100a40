// Runs programs natively and transformed, and records what they do.

import { setImmediate } from "node:timers/promises";
import { parseWithAcorn } from "../../src/transform/acornParser.ts";
import { type RewriteOptions, rewriteAwaits } from "../../src/transform/rewriteAwaits.ts";
import type { ProgramWorld } from "../support/randomPrograms.ts";

const FILE = "/project/src/program.js";
const RUNTIME = /from "mysyncio\/at"/;

export const OPTIONS: RewriteOptions = { file: FILE, root: "/project", parse: parseWithAcorn };

/** The transformed code of a module that has awaits. */
export function rewritten(code: string, options: Partial<RewriteOptions> = {}): string {
  const result = rewriteAwaits(code, { ...OPTIONS, ...options });
  if (result === undefined) throw new Error("Expected awaits in the module");
  return result.code;
}

/** What the transformed programs of this process passed to `at` and `atEach`. */
const reported: string[] = [];
Object.assign(globalThis, { reportPlace: (place: string) => reported.push(place) });

const RECORDER = dataUrl(`
  export const at = (awaited, place) => { globalThis.reportPlace(place); return awaited; };
  export const atEach = (iterated, place) => { globalThis.reportPlace("each " + place); return iterated; };
`);

/** Evaluates a module, and returns its exports. */
export function load(code: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ dataUrl(code.replace(RUNTIME, () => `from "${RECORDER}"`)));
}

/** Returns what `body` passes to `at`, after it has ended. */
export async function placesIn(body: () => unknown): Promise<string[]> {
  reported.length = 0;
  await body();
  return reported.splice(0);
}

/** A world that records the events and counts the awaits. */
export function newWorld(): ProgramWorld & { readonly events: string[]; awaits: number } {
  const events: string[] = [];
  const world = {
    events,
    awaits: 0,
    log: (event: string) => void events.push(String(event)),
    reach: <T>(awaited: T) => {
      world.awaits++;
      return awaited;
    },
    later: async <T>(macrotasks: number, value: T) => {
      for (let left = macrotasks; left > 0; left--) await setImmediate();
      return value;
    },
    nextTick: process.nextTick,
  };
  return world;
}

function dataUrl(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}
