// `mysyncio warnings`: the likely mistakes and bottlenecks of a target.

import { readTarget, type Target } from "../inspector/node/target.ts";
import { Interruption } from "./interruption.ts";
import { LOOK_OPTIONS, type LookOptions, lookOptions } from "./lookOptions.ts";
import { printable, printableJson } from "./printable.ts";
import { isHolderMissing } from "./processReport.ts";
import { inSource } from "./sourceMaps.ts";
import { withTarget } from "./targetCommand.ts";
import { inTargetsPlaces, warningsText } from "./warningsReport.ts";

/** 4 seconds are enough for three samples, which the rules for queues and timers need. */
const DEFAULTS = { limit: 20, seconds: 4 };
const INTERVAL = 1_000;

/** Looks for warnings for some seconds, and prints them. */
export function findWarnings(args: string[]): Promise<void> {
  return withTarget(args, LOOK_OPTIONS, (values) => lookOptions(values, DEFAULTS), show);
}

async function show(target: Target, { limit, seconds, json }: LookOptions): Promise<void> {
  const interruption = new Interruption();
  const began = performance.now();
  const left = (): number => began + seconds * 1_000 - performance.now();
  try {
    await target.call("findWarnings", target.client); // the search starts
    while (left() > 0 && !interruption.isInterrupted) {
      await interruption.wait(Math.min(INTERVAL, left()));
      await target.call("findWarnings", target.client);
    }
  } finally {
    interruption.stop();
  }
  const reading = await readTarget(target, "read", inSource);
  const found = {
    ...{ pid: reading.pid, thread: reading.thread, program: reading.program },
    seconds: (performance.now() - began) / 1_000,
    loops: reading.loops.map((loop) => ({
      ...{ id: loop.loop.id, time: loop.loop.time, tasks: loop.tasks.length },
      unrecorded: loop.resources.filter(isHolderMissing).map(({ label }) => label),
      warnings: loop.warnings.map((one) => inTargetsPlaces(one, loop.tasks)),
    })),
  };
  console.log(json ? printableJson(found, 2) : warningsText(printable(found), limit));
}
