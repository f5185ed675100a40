// `mysyncio warnings`: the likely mistakes and bottlenecks of a target.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { readTarget, type Target } from "../inspector/node/target.ts";
import { Interruption } from "./interruption.ts";
import { LOOK_OPTIONS, type LookOptions, lookOptions } from "./lookOptions.ts";
import { loopThreads, ofEach } from "./loopThreads.ts";
import { printable, printableJson } from "./printable.ts";
import { isHolderMissing } from "./processReport.ts";
import { inSource } from "./sourceMaps.ts";
import { withTarget } from "./targetCommand.ts";
import { type FoundWarnings, inTargetsPlaces, warningsText } from "./warningsReport.ts";

/** 4 seconds are enough for three samples, which the rules for queues and timers need. */
const DEFAULTS = { limit: 20, seconds: 4 };
const INTERVAL = 1_000;

/** Looks for warnings for some seconds, and prints them. */
export function findWarnings(args: string[]): Promise<void> {
  return withTarget(args, LOOK_OPTIONS, (values) => lookOptions(values, DEFAULTS), show);
}

async function show(target: Target, { limit, seconds, json }: LookOptions): Promise<void> {
  const interruption = new Interruption();
  const threads = await loopThreads(target);
  const began = performance.now();
  const look = () => ofEach(threads, (thread) => thread.call("findWarnings", thread.client));
  const left = (): number => began + seconds * 1_000 - performance.now();
  try {
    await look(); // the search starts
    while (left() > 0 && !interruption.isInterrupted) {
      await interruption.wait(Math.min(INTERVAL, left()));
      await look();
    }
  } finally {
    interruption.stop();
  }
  const took = (performance.now() - began) / 1_000;
  const texts = await ofEach(threads, async (thread) => {
    const found = foundIn(await readTarget(thread, "read", inSource), took);
    return json ? printableJson(found, 2) : warningsText(printable(found), limit);
  });
  console.log(texts.join(json ? "\n" : "\n\n"));
}

function foundIn({ pid, thread, program, loops }: ThreadReading, seconds: number): FoundWarnings {
  return {
    ...{ pid, thread, program, seconds },
    loops: loops.map((loop) => ({
      ...{ id: loop.loop.id, time: loop.loop.time, tasks: loop.tasks.length },
      unrecorded: loop.resources.filter(isHolderMissing).map(({ label }) => label),
      warnings: loop.warnings.map((one) => inTargetsPlaces(one, loop.tasks)),
    })),
  };
}
