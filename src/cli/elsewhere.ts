// Follows calls to the threads and processes that run them.

import { hostname } from "node:os";
import type { ThreadReading } from "../inspector/node/inTarget.ts";
import { openTarget } from "../inspector/node/openTarget.ts";
import {
  interruptedCode,
  libraryOf,
  type Mapping,
  readTarget,
  type Target,
  TargetError,
} from "../inspector/node/target.ts";
import type { CallSnapshot, LoopSnapshot } from "../inspector/types.ts";
import { printable } from "./printable.ts";
import { ageText, placeOf } from "./reportText.ts";
import { inSource } from "./sourceMaps.ts";

/** The other end of a call. */
export interface Elsewhere {
  /**
   * The loop of the task that runs the call, or all loops of the thread if the call has the thread
   * to itself.
   */
  readonly loops: readonly {
    readonly loop: LoopSnapshot;
    /** The id of the task that runs the call; null if the call has the thread to itself. */
    readonly task: number | null;
  }[];
  /** What is known if `loops` is empty, such as `waiting, for 3.1 s`; otherwise empty. */
  readonly note: string;
}

/** The maximum number of threads and processes to read. */
const MOST_WORKERS = 16;

/**
 * Follows the calls in `reading` to where they run. Returns a map from a call's id to its other
 * end. Leaves out calls that have not begun. Reads at most sixteen other threads and processes, and
 * leaves out the calls in any further ones.
 *
 * @param openTimeout how long a process may take to open its inspector, in milliseconds
 */
export async function readElsewhere(
  target: Target,
  reading: ThreadReading,
  openTimeout: number,
): Promise<ReadonlyMap<number, Elsewhere>> {
  const found = new Map<number, Elsewhere>();
  const workers = new Map<string, Promise<readonly ThreadReading[] | string>>();
  const calls = reading.loops.flatMap((loop) => loop.calls);
  if (calls.length === 0) return found;
  // Only a thread with a loop can tell which files belong to this package. A thread without a loop
  // loads the package from the same files, so its frames can be marked too.
  const mark = await libraryOf(target, reading, inSource);
  for (const call of calls) {
    if (call.worker === null) continue;
    const here = servedIn([reading], call, mark);
    if (here !== undefined) {
      found.set(call.id, here);
      continue;
    }
    const key = `${call.kind} ${call.worker}`;
    let worker = workers.get(key);
    if (worker === undefined) {
      if (workers.size === MOST_WORKERS) continue;
      worker = readWorker(target, call, openTimeout).catch((error: unknown) => {
        // The thread or process may have ended in the meantime, or may not be inspected.
        if (error instanceof TargetError) return error.message;
        throw error;
      });
      workers.set(key, worker);
    }
    const readings = await worker;
    found.set(
      call.id,
      typeof readings === "string"
        ? nothing(readings)
        : (servedIn(readings, call, mark) ?? nothing("the call has ended there")),
    );
  }
  return found;
}

/**
 * Reads the threads in which a call may run. If it can't read them, returns a text that says why.
 */
async function readWorker(
  target: Target,
  call: CallSnapshot,
  openTimeout: number,
): Promise<readonly ThreadReading[] | string> {
  if (call.kind === "thread") {
    const threads = await target.threads?.();
    const thread = threads?.get(Number(call.worker));
    return thread === undefined
      ? "its thread can't be reached over this connection"
      : [printable(await readTarget(thread, "read", inSource))];
  }
  const pid = localWorker(call);
  if (pid === undefined) return "the worker is not on this machine";
  const process = await openTarget({ kind: "process", pid }, openTimeout);
  try {
    const threads = [...((await process.threads?.()) ?? new Map<number, Target>()).values()];
    const readings: ThreadReading[] = [];
    for (const one of [process, ...threads]) {
      readings.push(printable(await readTarget(one, "read", inSource)));
    }
    return readings;
  } finally {
    await process.close();
  }
}

/**
 * Returns the PID of the fleet worker that runs a call; undefined if no fleet worker runs it, or if
 * the worker is on another machine or doesn't have its default name.
 */
export function localWorker({ kind, worker }: CallSnapshot): number | undefined {
  const [, host, pid] = /^(.+)\.(\d+)\.[0-9a-f]{8}$/.exec(worker ?? "") ?? [];
  return kind === "fleet" && host === hostname() ? Number(pid) : undefined;
}

/** Finds a call among those that threads run for callers elsewhere; undefined if it isn't there. */
function servedIn(
  readings: readonly ThreadReading[],
  { key }: CallSnapshot,
  mark: Mapping,
): Elsewhere | undefined {
  for (const reading of readings) {
    const { loops, serving } = reading;
    const served = serving.find((one) => one.key === key);
    if (served === undefined) continue;
    const { task, age } = served;
    const own =
      task === null ? loops : loops.filter(({ tasks }) => tasks.some(({ id }) => id === task));
    if (own.length > 0) return { loops: own.map((loop) => ({ loop, task })), note: "" };
    const place = placeOf(interruptedCode(reading, mark, inSource));
    return nothing(`${place === "" ? "waiting" : `computing at ${place}`}, for ${ageText(age)}`);
  }
  return undefined;
}

function nothing(note: string): Elsewhere {
  return { loops: [], note };
}
