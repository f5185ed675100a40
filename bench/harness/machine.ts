// Where and when a run was made, printed above its figures.

import { cpus, loadavg } from "node:os";
import { type Condition, DESCRIPTIONS } from "./conditions.ts";

export interface Machine {
  readonly runtime: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** The average number of waiting processes over the last minute. */
  readonly load: number;
}

/** This machine, and the Node that runs this. */
export function machine(): Machine {
  const { node, v8 } = process.versions;
  return {
    runtime: `Node ${node}, V8 ${v8}`,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: cpus().length,
    load: loadavg()[0] ?? 0,
  };
}

/** The line above a table. `condition` says how the cases ran, if that is not obvious. */
export function header(rounds: number, where: Machine = machine(), condition?: Condition): string {
  const { runtime, platform, cpu, cores, load } = where;
  return (
    `${runtime}, ${platform}, ${cores} x ${cpu}, load ${load.toFixed(2)}, ` +
    `medians of ${rounds} alternating rounds${condition === undefined ? "" : `, ${DESCRIPTIONS[condition]}`}`
  );
}

/** With more waiting processes than this per core, the machine is busy with something else. */
const BUSY = 0.5;

/** A warning to print before the figures, or undefined on a quiet machine. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load <= BUSY * cores) return undefined;
  return `The machine is busy (load ${load.toFixed(2)} on ${cores} cores): ratios are taken within rounds, but look at their spread.`;
}
