// Where and when a run was made: what has to stand above its figures.

import { cpus, loadavg } from "node:os";

export interface Machine {
  readonly runtime: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** The average number of waiting processes in the minute before. */
  readonly load: number;
}

/** This machine, and the Node that asks. */
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

export function header(rounds: number, where: Machine = machine()): string {
  const { runtime, platform, cpu, cores, load } = where;
  return (
    `${runtime}, ${platform}, ${cores} x ${cpu}, load ${load.toFixed(2)}, ` +
    `medians of ${rounds} alternating rounds`
  );
}

/** More waiting processes than this for each core, and the machine has other things to do. */
const BUSY = 0.5;

/** What a reader should know before the figures: undefined on a quiet machine. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load <= BUSY * cores) return undefined;
  return `The machine is busy (load ${load.toFixed(2)} on ${cores} cores): ratios are taken within rounds, but look at their spread.`;
}
