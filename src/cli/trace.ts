// `mysyncio trace`: records what a target does, for Chrome's trace viewer.

import { writeFile } from "node:fs/promises";
import { openTarget } from "../inspector/node/openTarget.ts";
import { type Target, TargetError } from "../inspector/node/target.ts";
import type { TraceEvent } from "../inspector/traceEvent.ts";
import { localWorker } from "./elsewhere.ts";
import { Interruption } from "./interruption.ts";
import { loopThreads } from "./loopThreads.ts";
import { printableText } from "./printable.ts";
import { type Recorded, recordTrace } from "./recordTrace.ts";
import { counted } from "./reportText.ts";
import { count, seconds, withTargets } from "./targetCommand.ts";

const OPTIONS = {
  seconds: { type: "string" },
  output: { type: "string", short: "o" },
  limit: { type: "string" },
} as const;

const DEFAULT_SECONDS = 5;
const DEFAULT_LIMIT = 500_000;
/** More would take gigabytes in the target. */
const MAX_LIMIT = 20_000_000;

/** Writes a trace file. Ctrl+C ends the recording early. */
export function trace(args: string[]): Promise<void> {
  return withTargets(
    args,
    OPTIONS,
    (values) => ({
      duration: (seconds("--seconds", values.seconds) ?? DEFAULT_SECONDS) * 1_000,
      file: values.output ?? "trace.json",
      limit: Math.min(MAX_LIMIT, count("--limit", values.limit) ?? DEFAULT_LIMIT),
    }),
    async (targets, { duration, file, limit }, openTimeout) => {
      const workers = await workersOf(targets, openTimeout);
      const interruption = new Interruption();
      try {
        const all = [...targets, ...workers];
        await write(file, await recordTrace(all, duration, limit, interruption));
      } finally {
        interruption.stop();
        for (const worker of workers) await worker.close();
      }
    },
  );
}

/** Connects to the workers of this machine that run calls of the targets. */
async function workersOf(targets: readonly Target[], openTimeout: number): Promise<Target[]> {
  const threads = (await Promise.all(targets.map(loopThreads))).flat();
  const readings = await Promise.all(threads.map((thread) => thread.call("read", thread.client)));
  const calls = readings.flatMap(({ loops }) => loops.flatMap((loop) => loop.calls));
  const pids = new Set(calls.flatMap((call) => localWorker(call) ?? []));
  for (const { pid } of readings) if (pid !== null) pids.delete(pid);
  const workers: Target[] = [];
  for (const pid of pids) {
    try {
      workers.push(await openTarget({ kind: "process", pid }, openTimeout));
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      console.error(
        `The trace shows no calls in the worker process ${pid}: ${printableText(error.message)}`,
      );
    }
  }
  return workers;
}

/** How many events are converted to one string. A string can't be longer than 512 MiB. */
const EVENTS_AT_ONCE = 10_000;

function* textOf(events: readonly TraceEvent[]): Generator<string> {
  yield '{"displayTimeUnit":"ms","traceEvents":[';
  for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) {
    const part = JSON.stringify(events.slice(from, from + EVENTS_AT_ONCE)).slice(1, -1);
    yield from === 0 ? part : `,${part}`;
  }
  yield "]}\n";
}

async function write(
  file: string,
  { events, seen, kept, titles, missing }: Recorded,
): Promise<void> {
  for (const { title, error } of missing) {
    console.error(`The trace lacks ${printableText(`${title}: ${error.message}`)}`);
  }
  if (file === "-") {
    for (const part of textOf(events)) process.stdout.write(part);
    return;
  }
  await writeFile(file, textOf(events));
  const number = (count: number) => count.toLocaleString("en");
  const lost =
    seen > kept ? `. Only the last ${number(kept)} of ${number(seen)} records were kept` : "";
  const [first, ...others] = titles;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  console.log(
    `Wrote ${counted(events.length, "event")} of ${printableText(first ?? "")}${more} to ${file}${lost}. Open it in the Performance panel of Chrome's DevTools, or on https://ui.perfetto.dev`,
  );
}
