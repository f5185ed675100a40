// A target is something whose loops can be inspected: a thread of a process, or a page.

import type { FrameSnapshot, LoopSnapshot } from "../types.ts";
import type { InTarget, ThreadReading } from "./inTarget.ts";
import { libraryMarker } from "./libraryFiles.ts";

/** A connection to a target, through which the functions of inTarget.ts can be called. */
export interface Target {
  /** Identifies this connection in calls. */
  readonly client: string;
  /** Calls a function in the target. Rejects with a TargetError if the target has ended. */
  call<K extends keyof InTarget>(
    name: K,
    ...args: Parameters<InTarget[K]>
  ): Promise<ReturnType<InTarget[K]>>;
  /**
   * Returns the frames with these indices, which count from 0 through all stacks of the last
   * reading. Index -1 is where the class of the first loop is defined, -2 that of the second, and
   * so on.
   */
  frames(indices: readonly number[]): Promise<readonly FrameSnapshot[]>;
  /**
   * Returns connections to the running worker threads of a process, by the ids of the threads.
   * `close` closes these connections too.
   */
  threads?(): Promise<ReadonlyMap<number, Target>>;
  /** Leaves the target as it was, and disconnects. */
  close(): Promise<void>;
}

/** Why a target can't be inspected. The command prints the message. */
export class TargetError extends Error {
  override name = "TargetError";
}

/** The maximum number of frames per call. The target pauses during each call. */
const FRAMES_AT_ONCE = 100;

/** Maps a frame to another one, for example to its location in the sources. */
export type Mapping = (frame: FrameSnapshot) => FrameSnapshot;

/**
 * Reads the running loops of a target, with the lines at which their tasks are suspended.
 * `"sample"` also reads statistics, which are collected from the first sample on.
 */
export async function readTarget(
  target: Target,
  how: "read" | "sample",
  inSource: Mapping,
): Promise<ThreadReading> {
  const reading = await target.call(how, target.client);
  const mark = await libraryOf(target, reading, inSource);
  const count = framesOf(reading).length;
  const frames: FrameSnapshot[] = [];
  while (frames.length < count) {
    const size = Math.min(FRAMES_AT_ONCE, count - frames.length);
    const first = frames.length;
    frames.push(...(await target.frames(Array.from({ length: size }, (_, at) => first + at))));
    if (frames.length === first) break;
  }
  let at = 0;
  const read = withStacks(reading, (stack) =>
    stack.map((frame) => mark(inSource(frames[at++] ?? frame))),
  );
  return withInterrupted(read, interruptedCode(reading, mark, inSource));
}

/**
 * Returns a function that marks this package's frames. If the reading has no loops, it marks none.
 */
export async function libraryOf(
  target: Target,
  { loops, program }: ThreadReading,
  inSource: Mapping,
): Promise<Mapping> {
  if (loops.length === 0) return (frame) => frame;
  const classes = await target.frames(loops.map((_, at) => -1 - at));
  return libraryMarker(classes.map(inSource), program);
}

/**
 * Puts the interrupted frames into the stack of the running task. The reading doesn't find them
 * there itself, because that task's generators aren't suspended.
 */
export function withInterrupted<T extends ThreadReading>(
  reading: T,
  interrupted: readonly FrameSnapshot[],
): T {
  if (interrupted.length === 0) return reading;
  const loops = reading.loops.map((loop) => ({
    ...loop,
    tasks: loop.tasks.map((task) =>
      task.state === "running"
        ? { ...task, stack: [...task.stack.slice(0, 1), ...interrupted] }
        : task,
    ),
  }));
  return { ...reading, loops };
}

/** Returns the program's own frames among those that the reading interrupted, innermost last. */
export function interruptedCode(
  { interrupted }: ThreadReading,
  mark: Mapping,
  inSource: Mapping,
): readonly FrameSnapshot[] {
  return interrupted.map((frame) => mark(inSource(frame))).filter((frame) => !frame.isLibrary);
}

/** Replaces the stacks of all tasks. */
function withStacks<T extends { readonly loops: readonly LoopSnapshot[] }>(
  reading: T,
  replace: (stack: readonly FrameSnapshot[]) => readonly FrameSnapshot[],
): T {
  const loops = reading.loops.map((loop) => ({
    ...loop,
    tasks: loop.tasks.map((task) => {
      const stack = replace(task.stack);
      return { ...task, stack, coroutine: stack[0]?.functionName ?? "" };
    }),
  }));
  return { ...reading, loops };
}

function framesOf({ loops }: ThreadReading): readonly FrameSnapshot[] {
  return loops.flatMap(({ tasks }) => tasks.flatMap(({ stack }) => stack));
}

/** Describes a target for people, such as `process 12 (app.js)`. */
export function titleOf(
  { pid, thread }: Pick<ThreadReading, "pid" | "thread">,
  program: string,
): string {
  if (pid === null) return `page ${program}`;
  return `${thread === null ? "" : `worker ${thread} of `}process ${pid} (${program})`;
}
