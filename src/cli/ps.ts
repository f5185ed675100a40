// `mysyncio ps` and `mysyncio pstree`: the tasks of a target.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { readTarget, type Target } from "../inspector/node/target.ts";
import { readElsewhere } from "./elsewhere.ts";
import { loopThreads, ofEach } from "./loopThreads.ts";
import { printable, printableJson } from "./printable.ts";
import { processList, type ReportOptions } from "./processReport.ts";
import { processTree } from "./processTree.ts";
import { inSource } from "./sourceMaps.ts";
import { count, withTarget } from "./targetCommand.ts";

const OPTIONS = {
  json: { type: "boolean" },
  limit: { type: "string" },
  depth: { type: "string" },
} as const;

const LIMIT = 30;
const DEPTH = 20;

type Format = (reading: ThreadReading, options: ReportOptions) => string;

/** Prints the tasks of a target, grouped by what they wait for and where. */
export function ps(args: string[]): Promise<void> {
  return report(args, async () => processList);
}

/** Prints the tasks of a target as a tree. */
export function pstree(args: string[]): Promise<void> {
  return report(args, async (target, reading, openTimeout) => {
    const elsewhere = await readElsewhere(target, reading, openTimeout);
    return (_, options) => processTree(reading, options, elsewhere);
  });
}

function report(
  args: string[],
  formatOf: (target: Target, reading: ThreadReading, openTimeout: number) => Promise<Format>,
): Promise<void> {
  return withTarget(
    args,
    OPTIONS,
    ({ limit, depth, json }) => ({
      limit: count("--limit", limit) ?? LIMIT,
      depth: count("--depth", depth) ?? DEPTH,
      json: json === true,
    }),
    async (target, { json, ...options }, openTimeout) => {
      const threads = await loopThreads(target);
      const texts = await ofEach(threads, async (thread) => {
        const reading = await readTarget(thread, "read", inSource);
        if (json) return printableJson(reading, 2);
        const shown = printable(reading);
        return (await formatOf(thread, shown, openTimeout))(shown, options);
      });
      console.log(texts.join(json ? "\n" : "\n\n"));
    },
  );
}
