// What the command evaluates in the process or page that it inspects.
//
// This is one file because the build compiles it to a separate script, `dist/inTarget.js`, which is
// evaluated once and then kept under a symbol. Its functions may be called in the middle of any
// code of the program. So reading changes nothing, and each change is either a single assignment or
// postponed to a timer. Hooks are removed when the last client that uses them has released them, or
// has not called for a while.

import type { Runtime } from "node:inspector";
import type { Scheduler } from "../../loop/scheduler.ts";
import { checkVersion, Reader, type Reading } from "../reader.ts";
import { type LoopShape, PROBE_VERSION } from "../shapes.ts";
import { collect, type LoopStatistics } from "../statistics.ts";
import { type TraceColumns, TraceRing } from "../traceRing.ts";
import { type TraceThread, thisThread } from "../traceThread.ts";
import type { FrameSnapshot, LoopSnapshot, ServedSnapshot } from "../types.ts";
import { frameOfProperties, type InternalProperty } from "./frames.ts";
import { onLaterLoops } from "./laterLoops.ts";
import { TargetWarnings } from "./targetWarnings.ts";

type Inspector = typeof import("node:inspector");
type Session = InstanceType<Inspector["Session"]>;

/** What was read from a thread or page. */
export interface ThreadReading {
  /** Null in a page. */
  readonly pid: number | null;
  /** The id of a worker thread; null elsewhere. */
  readonly thread: number | null;
  /** The path of the program, or the address of the page. */
  readonly program: string;
  readonly loops: readonly LoopSnapshot[];
  /** The calls that this thread runs for callers elsewhere. */
  readonly serving: readonly ServedSnapshot[];
  /** What the reading has interrupted, innermost last; empty if the thread was idle. */
  readonly interrupted: readonly FrameSnapshot[];
}

/**
 * What a loop has done since the first sample that includes it, whichever client took that sample.
 * The counts begin again at zero after all clients have stopped sampling, or after the loop has
 * stopped.
 */
export type LoopTotals = Omit<LoopStatistics, "tasks">;

/** The functions in the target, as the command calls them. All results survive JSON. */
export interface InTarget {
  /** Makes these functions available to later evaluations, under the symbol named `key`. */
  install(key: string): void;
  /** Reads all running loops. The frames in their stacks are blank: `frames` returns them. */
  read(client: string): ThreadReading;
  /**
   * Returns the function and location of frames of the client's last reading. The indices count
   * through all stacks of the reading. -1 stands for the place where the class of the reading's
   * first loop is defined, -2 for that of the second, and so on.
   */
  frames(client: string, indices: readonly number[]): FrameSnapshot[];
  /**
   * Returns the generators of the frames with these indices; for a negative index, the class that
   * it stands for in `frames`.
   */
  generators(client: string, indices: readonly number[]): object[];
  /** Reads the loops with their statistics. The first call starts to collect these. */
  sample(client: string): ThreadReading & { readonly totals: readonly LoopTotals[] };
  /** Looks for warnings, which later readings contain. Call it about once a second. */
  findWarnings(client: string): void;
  /**
   * Starts to trace all running loops, those that start later, and the calls that the thread runs
   * for others. Returns the ids of the running loops.
   */
  startTrace(client: string, limit: number): number[];
  /** Returns the process, thread and clock of the trace, for joining it with others. */
  traceThread(): TraceThread;
  /** Ends the trace, and returns what each loop's ring has kept. */
  endTrace(client: string): Omit<RingPart, "columns">[];
  /** Returns a part of a ring, because all of it may be too large for one message. */
  traceColumns(client: string, ring: number, from: number, count: number): Columns;
  /**
   * Keeps the client's hooks, which a client loses if it is silent for too long. Every call that
   * uses hooks keeps them too.
   */
  renew(client: string): void;
  /** Removes the hooks of the client. */
  release(client: string): void;
  /** Cancels a task soon. Returns false if no task has that id. */
  cancel(task: number): boolean;
  /** Closes the inspector, which listens on `port`, soon after the last client has left. */
  closeWhenUnused(port: number): void;
}

/** The columns of a ring, or a part of them. */
export type Columns = Pick<TraceColumns, "kinds" | "times" | "subjects" | "objects">;

/** What one ring has kept. */
export interface RingPart {
  /**
   * The loop that the ring records; null for the ring that records all loops that started later,
   * and also the calls that have this thread to themselves.
   */
  readonly loop: number | null;
  readonly size: number;
  readonly seen: number;
  readonly names: TraceColumns["names"];
  readonly labels: TraceColumns["labels"];
  readonly columns: Columns;
}

interface Client {
  seenAt: number;
  samples: boolean;
  findsWarnings: boolean;
  rings: { readonly loop: number | null; readonly ring: TraceRing; columns?: TraceColumns }[];
  endFollowing: () => void;
}

/** The last reading of a client. Later calls ask for frames of it. */
interface LastReading {
  /** Drops the reading after a while, because a killed client never releases it. */
  readonly timer: ReturnType<typeof setTimeout>;
  readonly loops: readonly LoopShape[];
  readonly readings: readonly Reading[];
}

/** How long a client may be silent before its hooks are removed, in milliseconds. */
const LEASE = 15_000;
/** How long a reading is kept for a client that never releases it, in milliseconds. */
const KEEP = 60_000;
/** How often to look for silent clients, in milliseconds. */
const CHECK = 3_000;
/**
 * How often to check whether the inspector is unused, in milliseconds. Closing it less than 200 ms
 * after a client has left can end the process.
 */
const CLOSE_CHECK = 300;
const LONGEST_CLOSE_CHECK = 3_000;
const LOOPS = Symbol.for("mysyncio.loops");

const reader = new Reader();
const targetWarnings = new TargetWarnings(reader);
const clients = new Map<string, Client>();
const collectors = new Map<LoopShape, ReturnType<typeof collect>>();
/** The last reading for each client, because several commands may read the same process at once. */
const lastReadings = new Map<string, LastReading>();
let checking: ReturnType<typeof setInterval> | undefined;
let isClosing = false;
/** The files of the scripts by their ids. Empty while no reading is kept. */
const urls = new Map<string, string>();
let ownKey = "";
/** The generators or classes whose internal properties are being read. */
let subjects: readonly object[] = [];

const inTarget: InTarget & { readonly subjects: readonly object[] } = {
  install,
  read,
  frames,
  generators: generatorsAt,
  sample,
  findWarnings,
  startTrace,
  traceThread: thisThread,
  endTrace,
  traceColumns,
  renew: (client) => void clientOf(client),
  release,
  cancel,
  closeWhenUnused,
  get subjects() {
    return subjects;
  },
};

export default inTarget;

function install(key: string): void {
  const isDefined = Reflect.defineProperty(globalThis, Symbol.for(key), {
    value: inTarget,
    configurable: true,
  });
  if (!isDefined) throw new Error("The program has frozen its globals, so it can't be inspected");
  ownKey = key;
}

/** Returns the running loops. @throws RangeError if one of them is of another version */
function runningLoops(): LoopShape[] {
  const loops: Set<LoopShape> = Reflect.get(globalThis, LOOPS) ?? new Set();
  for (const loop of loops) checkVersion(loop);
  return [...loops];
}

function read(client: string): ThreadReading {
  const running = runningLoops();
  const readings = running.map((loop) => reader.read(loop));
  clearTimeout(lastReadings.get(client)?.timer);
  const timer = unreferenced(setTimeout(() => forgetReading(client), KEEP));
  lastReadings.set(client, { timer, loops: running, readings });
  const loops = readings.map(({ snapshot }) => snapshot);
  const interrupted = interruptedFrames();
  const serving = reader.serving(() => true);
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process?.getBuiltinModule === undefined) {
    return {
      pid: null,
      thread: null,
      program: String(globalThis.location?.href ?? ""),
      ...{ loops, serving, interrupted },
    };
  }
  const { isMainThread, threadId } = process.getBuiltinModule("node:worker_threads");
  const [executable = "node", program = executable] = process.argv;
  const thread = isMainThread ? null : threadId;
  return { pid: process.pid, thread, program, loops, serving, interrupted };
}

/** Forgets a client's last reading, which keeps objects of the program alive. */
function forgetReading(client: string): void {
  clearTimeout(lastReadings.get(client)?.timer);
  lastReadings.delete(client);
  if (lastReadings.size === 0) urls.clear();
}

/** How many frames of the stack to read at most. */
const DEEPEST = 200;

/**
 * Returns the frames that the evaluation has interrupted: those below it on the stack, innermost
 * last.
 */
function interruptedFrames(): FrameSnapshot[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = DEEPEST;
    // The program may have set its own function, to apply source maps or to get call sites.
    Reflect.set(Error, "prepareStackTrace", undefined);
    const held = { stack: "" };
    Error.captureStackTrace(held);
    const lines = held.stack.split("\n").slice(1);
    // Frames of the evaluation itself have no file.
    const own = lines.findLastIndex((line) => /^ +at (?:[^(]+ \()?<anonymous>:\d/.test(line));
    return lines
      .slice(own + 1)
      .flatMap(frameOfLine)
      .reverse();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}

function frameOfLine(text: string): FrameSnapshot[] {
  const [, name, file, line, column] =
    /^ +at (?:(?:async |new )?(.*?) \()?(\S+?):(\d+):(\d+)\)?$/.exec(text) ?? [];
  if (file === undefined || file.startsWith("node:")) return [];
  const functionName = name?.replace(/^.*\.|\.next$/, "") ?? "";
  return [{ functionName, file, line: Number(line), column: Number(column) }];
}

function generatorsAt(client: string, indices: readonly number[]): object[] {
  const { loops = [], readings = [] } = lastReadings.get(client) ?? {};
  const all = readings.flatMap(({ generators }) => generators.flat());
  return indices.flatMap((index) => (index < 0 ? classOf(loops[-1 - index]) : all[index]) ?? []);
}

/** Returns the package's own class of a loop, which a program may have extended. */
function classOf(loop: LoopShape | undefined): object | undefined {
  let found: object | undefined = loop;
  for (let next = found; next !== undefined && next !== Object.prototype; ) {
    found = next;
    next = Object.getPrototypeOf(next) ?? undefined;
  }
  return found?.constructor;
}

function frames(client: string, indices: readonly number[]): FrameSnapshot[] {
  const session: Session = new (inspector().Session)();
  session.connect();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  const known = {
    get(id: string) {
      if (!urls.has(id)) {
        // Enabling the debugger lists the files of all scripts. Nothing is paused.
        session.post("Debugger.enable");
        session.post("Debugger.disable");
        if (!urls.has(id)) urls.set(id, "");
      }
      return urls.get(id);
    },
  };
  try {
    subjects = generatorsAt(client, indices);
    return propertiesOf(session).map((properties) => frameOfProperties(properties, known));
  } finally {
    subjects = [];
    session.disconnect();
  }
}

/**
 * Returns the engine's internal properties of each subject. Evaluates all subjects in one
 * expression, because an evaluation takes longer than reading the properties of its result. A
 * session in the same thread replies synchronously.
 */
function propertiesOf(session: Session): (readonly InternalProperty[])[] {
  const found: (readonly InternalProperty[])[] = [];
  const objectGroup = "mysyncio";
  const expression = `globalThis[Symbol.for(${JSON.stringify(ownKey)})].subjects`;
  const ownOf = (
    objectId: string | undefined,
    use: (own: Runtime.GetPropertiesReturnType) => void,
  ) =>
    session.post(
      "Runtime.getProperties",
      { objectId: objectId ?? "", ownProperties: true },
      (error, own) => use(error === null ? own : { result: [] }),
    );
  session.post("Runtime.evaluate", { expression, objectGroup }, (_error, answer) =>
    ownOf(answer?.result.objectId, ({ result }) => {
      for (const { name, value } of result) {
        if (/^\d/.test(name)) {
          ownOf(value?.objectId, ({ internalProperties = [] }) => found.push(internalProperties));
        }
      }
    }),
  );
  session.post("Runtime.releaseObjectGroup", { objectGroup });
  return found;
}

/**
 * Returns the loop with its full type. `LoopShape` leaves out what may differ in other versions of
 * the package.
 */
function schedulerOf(loop: LoopShape): Scheduler {
  return loop as unknown as Scheduler;
}

function sample(name: string): ReturnType<InTarget["sample"]> {
  clientOf(name).samples = true;
  const loops = runningLoops();
  for (const loop of loops) {
    if (!collectors.has(loop)) collectors.set(loop, collect(schedulerOf(loop)));
  }
  const totals = loops.map((loop) => {
    const { tasks: _, ...others } = (collectors.get(loop) as ReturnType<typeof collect>).read();
    return others;
  });
  return { ...read(name), totals };
}

function findWarnings(name: string): void {
  clientOf(name).findsWarnings = true;
  targetWarnings.look(runningLoops());
}

function startTrace(name: string, limit: number): number[] {
  const client = clientOf(name);
  endRings(client);
  const loops = runningLoops();
  const others = new TraceRing(undefined, limit);
  // Follows each loop only once, because a loop may stop and run again.
  const known = new WeakSet<object>(loops);
  client.endFollowing = onLaterLoops((loop) => {
    // Skips a loop of another version, whose hooks may differ.
    if (known.has(loop) || (loop as LoopShape)._probe !== PROBE_VERSION) return;
    known.add(loop);
    others.follow(loop as Scheduler);
  });
  client.rings = loops.map((loop) => ({
    loop: reader.idOf(loop),
    ring: new TraceRing(schedulerOf(loop), limit, false),
  }));
  client.rings.push({ loop: null, ring: others });
  return loops.map((loop) => reader.idOf(loop));
}

function endRings({ rings, endFollowing }: Client): void {
  endFollowing();
  for (const { ring } of rings) ring.stop();
}

function endTrace(name: string): ReturnType<InTarget["endTrace"]> {
  const client = clientOf(name);
  endRings(client);
  return client.rings.map((one) => {
    one.columns = one.ring.columns();
    const { kinds, names, labels } = one.columns;
    return { loop: one.loop, size: kinds.length, seen: one.ring.seen, names, labels };
  });
}

function traceColumns(name: string, ring: number, from: number, count: number): Columns {
  const columns = clientOf(name).rings[ring]?.columns;
  const part = (column: ArrayLike<number> = []) =>
    Array.from({ length: Math.max(0, Math.min(count, column.length - from)) }, (_, at) =>
      Number(column[from + at]),
    );
  return {
    kinds: part(columns?.kinds),
    times: part(columns?.times),
    subjects: part(columns?.subjects),
    objects: part(columns?.objects),
  };
}

function clientOf(name: string): Client {
  const client: Client = clients.get(name) ?? {
    ...{ seenAt: 0, samples: false, findsWarnings: false, rings: [] },
    endFollowing: () => undefined,
  };
  client.seenAt = performance.now();
  clients.set(name, client);
  checking ??= unreferenced(setInterval(checkClients, CHECK));
  return client;
}

function release(name: string): void {
  const client = clients.get(name);
  if (client !== undefined) endRings(client);
  clients.delete(name);
  forgetReading(name);
  if (![...clients.values()].some(({ samples }) => samples)) {
    for (const collector of collectors.values()) collector.stop();
    collectors.clear();
  }
  if (![...clients.values()].some(({ findsWarnings }) => findsWarnings)) targetWarnings.stop();
  if (clients.size > 0) return;
  clearInterval(checking);
  checking = undefined;
}

function checkClients(): void {
  const now = performance.now();
  for (const [name, { seenAt }] of clients) if (now - seenAt > LEASE) release(name);
  for (const [loop, collector] of collectors) {
    if (loop.isRunning()) continue;
    collector.stop();
    collectors.delete(loop);
  }
}

function cancel(id: number): boolean {
  const [task] = runningLoops().flatMap((loop) => reader.taskOf(loop, id) ?? []);
  if (task === undefined) return false;
  // Not at once, because this may run in the middle of a step.
  setTimeout(() => task.cancel("Cancelled through `mysyncio inspect`"), 0);
  return true;
}

function closeWhenUnused(port: number): void {
  if (isClosing) return;
  isClosing = true;
  let unused = 0;
  const check = (delay: number): void => {
    const look = () => {
      // The table of sockets may be long, so it isn't read while one of our clients is there.
      unused = clients.size > 0 || isUsed(port) ? 0 : unused + 1;
      if (unused < 2) {
        check(unused > 0 ? CLOSE_CHECK : Math.min(2 * delay, LONGEST_CLOSE_CHECK));
      } else {
        isClosing = false;
        inspector().close();
      }
    };
    unreferenced(setTimeout(look, delay));
  };
  check(CLOSE_CHECK);
}

/** Whether a client is connected to that port of this machine. */
function isUsed(port: number): boolean {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].some((kind) => {
    let table: string;
    try {
      table = readFileSync(`/proc/self/net/${kind}`, "latin1");
    } catch (error) {
      // A system without IPv6 has no such table. After any other error, assume a connection.
      return (error as NodeJS.ErrnoException).code !== "ENOENT";
    }
    return table.split("\n").some((line) => {
      const [, at = "", , state] = line.trim().split(/\s+/);
      return state === "01" && at.endsWith(local);
    });
  });
}

function inspector(): Inspector {
  return process.getBuiltinModule("node:inspector");
}

/** Lets the process end while a timer is pending. Timers of pages are numbers. */
function unreferenced<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}
