// `mysyncio inspect`: the inspector in a browser, for a running program.

import { randomBytes } from "node:crypto";
import type { ThreadReading } from "../inspector/node/inTarget.ts";
import {
  interruptedCode,
  readTarget,
  type Target,
  withInterrupted,
} from "../inspector/node/target.ts";
import type { TraceEvent } from "../inspector/traceEvent.ts";
import type { LoopSnapshot, TaskSnapshot } from "../inspector/types.ts";
import { type InspectApi, startInspectServer } from "./inspectServer.ts";
import { Interruption } from "./interruption.ts";
import { onlyLoopThread } from "./loopThreads.ts";
import { printableText } from "./printable.ts";
import { recordLoops } from "./recordTrace.ts";
import { titleIn } from "./reportText.ts";
import { inSource } from "./sourceMaps.ts";
import { count, withTarget } from "./targetCommand.ts";
import { TaskFrames } from "./taskFrames.ts";
import { inTargetsPlaces } from "./warningsReport.ts";

const OPTIONS = {
  port: { type: "string" },
  "allow-cancel": { type: "boolean" },
} as const;

const TOKEN_BYTES = 32;
const MAX_EVENTS = 100_000;
/** How often to check that the target is still there, in milliseconds. */
const CHECK_INTERVAL = 1_000;

/** Serves the inspector until the user interrupts it, or the target ends. */
export function inspect(args: string[]): Promise<void> {
  return withTarget(
    args,
    OPTIONS,
    (values) => ({
      port: count("--port", values.port, 0) ?? 0,
      mayCancel: values["allow-cancel"] === true,
    }),
    async (named, { port, mayCancel }) => {
      const { target, reading } = await onlyLoopThread(named);
      await target.call("sample", target.client); // the first sample starts the statistics
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      const server = await startInspectServer(apiOf(target, mayCancel), token, port);
      const interruption = new Interruption();
      try {
        console.log(
          `Inspecting ${printableText(titleIn(reading))}. Open this address in a browser on this machine:`,
        );
        console.log(`http://127.0.0.1:${server.port}/#${token}`);
        while (!interruption.isInterrupted) {
          await interruption.wait(CHECK_INTERVAL);
          await target.call("renew", target.client);
        }
      } finally {
        interruption.stop();
        await server.close();
      }
    },
  );
}

function apiOf(target: Target, mayCancel: boolean): InspectApi {
  /**
   * The last reading. Readings run one at a time, because stack frames are valid only until the
   * next reading.
   */
  let last: Promise<unknown> = Promise.resolve();
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
  /** The trace under way. All tabs share it, because a client of a target has only one. */
  let tracing: Promise<readonly TraceEvent[]> | undefined;
  const record = async (seconds: number) => {
    const interruption = new Interruption();
    try {
      return await recordLoops(target, seconds * 1_000, MAX_EVENTS, interruption);
    } finally {
      interruption.stop();
      tracing = undefined;
    }
  };
  const read = () => oneAtATime(() => snapshots(target));
  const frames = new TaskFrames(target);
  return {
    snapshot: (task) =>
      task === undefined ? read() : oneAtATime(() => snapshots(target, task, frames)),
    warnings: async () => (await read()).flatMap(({ warnings }) => warnings),
    async trace(seconds) {
      tracing ??= record(seconds);
      return { traceEvents: await tracing };
    },
    cancel: mayCancel
      ? (task) =>
          oneAtATime(async () => {
            const id = findTask(task, await snapshots(target));
            return id !== undefined && target.call("cancel", id);
          })
      : undefined,
  };
}

/**
 * Reads the loops, and looks for warnings from the first reading on. Reads all stacks, or with
 * `frames` only those of `task` and of tasks with warnings.
 */
async function snapshots(
  target: Target,
  task?: number,
  frames?: TaskFrames,
): Promise<readonly LoopSnapshot[]> {
  await target.call("findWarnings", target.client);
  const { loops } =
    frames === undefined
      ? await readTarget(target, "sample", inSource)
      : await readSome(target, task, frames);
  return loops.map((loop) => ({
    ...loop,
    warnings: loop.warnings.map((one) => inTargetsPlaces(one, loop.tasks)),
  }));
}

async function readSome(
  target: Target,
  task: number | undefined,
  frames: TaskFrames,
): Promise<ThreadReading> {
  const reading = await target.call("sample", target.client);
  await frames.take(reading);
  const named = reading.loops.flatMap(({ warnings }) => warnings.flatMap(({ tasks }) => tasks));
  const wanted = new Set<number | null | undefined>([task, ...named.map(({ id }) => id)]);
  const tasks = reading.loops.flatMap((loop) => loop.tasks.filter(({ id }) => wanted.has(id)));
  const stacks = await frames.stacksOf(tasks);
  const known = new Map(tasks.map(({ id }, at) => [id, stacks[at] ?? []]));
  const loops = reading.loops.map((loop) => ({
    ...loop,
    tasks: loop.tasks.map((one) => {
      const coroutine = frames.nameOf(one.id);
      const outermost = { functionName: coroutine, file: null, line: null, column: null };
      return { ...one, coroutine, stack: known.get(one.id) ?? [outermost] };
    }),
  }));
  return withInterrupted({ ...reading, loops }, interruptedCode(reading, frames.mark, inSource));
}

/**
 * Finds a task by its id, or else by its name, and returns its id. Returns undefined if no task or
 * several tasks have that name.
 */
export function findTask(
  idOrName: string,
  loops: readonly { readonly tasks: readonly Pick<TaskSnapshot, "id" | "name">[] }[],
): number | undefined {
  const tasks = loops.flatMap((loop) => loop.tasks);
  const found = tasks.find(({ id }) => String(id) === idOrName);
  if (found !== undefined) return found.id;
  const named = tasks.filter(({ name }) => name === idOrName);
  return named.length === 1 ? named[0]?.id : undefined;
}
