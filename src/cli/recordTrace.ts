// Records what targets do: all their threads at the same time, as one trace.

import type { Columns, RingPart, ThreadReading } from "../inspector/node/inTarget.ts";
import { type Target, TargetError } from "../inspector/node/target.ts";
import { cutCallArrows } from "../inspector/traceCalls.ts";
import type { TraceEvent } from "../inspector/traceEvent.ts";
import { eventsOf } from "../inspector/traceEvents.ts";
import { mergeable } from "../inspector/traceThread.ts";
import type { Interruption } from "./interruption.ts";
import { titleIn } from "./reportText.ts";

/** How many events of a ring are copied in one evaluation, which pauses the target. */
const EVENTS_AT_ONCE = 20_000;
/**
 * How often to renew the lease of this client in the target, in milliseconds. If the client is
 * silent for the whole lease, which is longer than this, the target ends the recording.
 */
const RENEW_INTERVAL = 3_000;
/** The maximum number of threads of a process to record, besides the thread of the target. */
const MOST_THREADS = 64;

/** What `recordTrace` returns. */
export interface Recorded {
  /** What was recorded: processes, and threads that had something to record. */
  readonly titles: readonly string[];
  readonly missing: readonly Missing[];
  readonly events: readonly TraceEvent[];
  readonly seen: number;
  readonly kept: number;
}

/** A process or thread whose events could not be read, usually because it has ended. */
interface Missing {
  readonly title: string;
  readonly error: TargetError;
}

type Part = Omit<Recorded, "missing">;

type Waiting = Pick<Interruption, "wait" | "isInterrupted">;

/** A thread that is recorded. */
interface Recording {
  readonly target: Target;
  readonly reading: Pick<ThreadReading, "pid" | "thread" | "program">;
}

/**
 * The recording of a loop. If `loop` is null, the recording of all loops that started after the
 * trace began, and of the calls that have their thread to themselves.
 */
interface RecordedRing {
  readonly loop: number | null;
  readonly seen: number;
  readonly size: number;
  /** Returns the events, with times relative to `origin`, an instant of the target's clock. */
  events(origin: number): TraceEvent[];
  readonly first: number;
}

/**
 * Records the loops of one thread for `duration` milliseconds. Each loop is a process of the trace.
 * Keeps the last `limit` events of each loop.
 */
export async function recordLoops(
  target: Target,
  duration: number,
  limit: number,
  interruption: Waiting,
): Promise<TraceEvent[]> {
  const reading = { pid: null, thread: null, program: "" };
  await startTrace(target, limit);
  await letRun([{ target, reading }], duration, interruption);
  const rings = await ringsOf(target);
  const origin = Math.min(...rings.map(({ first }) => first));
  let flows = 0;
  const events = rings.flatMap(({ loop, events: eventsFrom }): TraceEvent[] => {
    if (loop === null) return [];
    const base = flows;
    return eventsFrom(origin).map((event): TraceEvent => {
      if (event.id === undefined || event.cat === "call") return { ...event, pid: loop };
      flows = Math.max(flows, base + event.id);
      return { ...event, pid: loop, id: base + event.id };
    });
  });
  return cutCallArrows(events).sort((a, b) => a.ts - b.ts);
}

/**
 * Records all loops of processes, in all their threads, for `duration` milliseconds. Leaves out
 * processes and threads that end in the meantime.
 *
 * @throws TargetError if neither a loop nor a call for others is running, or if everything has
 * ended
 */
export async function recordTrace(
  targets: readonly Target[],
  duration: number,
  limit: number,
  interruption: Waiting,
): Promise<Recorded> {
  const found: (Recording & { readonly isServing: boolean })[] = [];
  const missing: Missing[] = [];
  const idle: string[] = [];
  // Find all threads before the first recording starts. A blocked thread may take a long time to
  // answer, and meanwhile no lease is renewed.
  for (const [at, main] of targets.entries()) {
    let title = `target ${at + 1}`;
    try {
      const reading = await main.call("read", main.client);
      title = titleIn(reading);
      found.push({ target: main, reading, isServing: reading.serving.length > 0 });
      const threads = [...((await main.threads?.()) ?? [])].slice(0, MOST_THREADS);
      for (const [thread, target] of threads) {
        found.push({ target, reading: { ...reading, thread }, isServing: false });
      }
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      missing.push({ title, error });
    }
  }
  const starting = Promise.all(found.map(({ target }) => unlessEnded(startTrace(target, limit))));
  const recordings: Recording[] = [];
  for (const [at, started] of (await whileRenewing(found, starting)).entries()) {
    const { target, reading, isServing } = found[at] as (typeof found)[number];
    const title = titleIn(reading);
    if (started instanceof TargetError) {
      missing.push({ title, error: started });
      continue;
    }
    recordings.push({ target, reading });
    if (started === 0 && !isServing) idle.push(title);
  }
  // Loops may start later, but at least one loop, or a call for others, must be running now.
  if (idle[0] !== undefined && idle.length === recordings.length) {
    throw new TargetError(`No loop is running in ${idle[0]}`);
  }
  await letRun(recordings, duration, interruption);
  const parts: Part[] = [];
  for (const [at, part] of (await Promise.all(recordings.map(partOf))).entries()) {
    if (!(part instanceof TargetError)) parts.push(part);
    else missing.push({ title: titleIn((recordings[at] as Recording).reading), error: part });
  }
  if (parts.length === 0 && missing[0] !== undefined) throw missing[0].error;
  const joined = withoutRepeatedNames(parts.flatMap((part) => part.events));
  const events = cutCallArrows(joined).sort((a, b) => a.ts - b.ts);
  const sum = (what: "seen" | "kept") => parts.reduce((total, part) => total + part[what], 0);
  const titles = parts.flatMap((part) => part.titles);
  return { titles, missing, events, seen: sum("seen"), kept: sum("kept") };
}

async function startTrace(target: Target, limit: number): Promise<number> {
  return (await target.call("startTrace", target.client, limit)).length;
}

/** Renews the leases of recordings while `work` waits for other threads. */
async function whileRenewing<T>(all: readonly Recording[], work: Promise<T>): Promise<T> {
  const renew = () => {
    // A target that has ended is noticed when its events are read.
    for (const { target } of all) void unlessEnded(target.call("renew", target.client));
  };
  const timer = setInterval(renew, RENEW_INTERVAL);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

async function letRun(
  recordings: readonly Recording[],
  duration: number,
  interruption: Waiting,
): Promise<void> {
  const end = performance.now() + duration;
  for (let left = duration; left > 0 && !interruption.isInterrupted; ) {
    await interruption.wait(Math.min(left, RENEW_INTERVAL));
    const renewed = await Promise.all(
      recordings.map(({ target }) => unlessEnded(target.call("renew", target.client))),
    );
    if (renewed.every((one) => one instanceof TargetError)) return;
    left = end - performance.now();
  }
}

/** Ends a recording, and returns its events with the process and thread they belong to. */
async function partOf(recording: Recording): Promise<Part | TargetError> {
  const { target, reading } = recording;
  const found = await unlessEnded(Promise.all([ringsOf(target), target.call("traceThread")]));
  if (found instanceof TargetError) return found;
  const [rings, thread] = found;
  const process = titleIn({ ...reading, thread: null });
  const isOnly = rings.filter(({ loop }) => loop !== null).length < 2;
  const worker = reading.thread === null ? "" : `worker ${reading.thread}: `;
  const events = rings.flatMap(({ loop, events: eventsFrom }, ring) => {
    const name = isOnly ? "" : loop === null ? "later loops: " : `loop ${loop}: `;
    const own = eventsFrom(-thread.clockOffset);
    return mergeable(own, thread, ring).map((event) => withPrefix(event, `${worker}${name}`));
  });
  const args = { name: process };
  const head = { name: "process_name", ph: "M", ts: 0, pid: thread.pid, tid: 0, args } as const;
  return {
    titles: reading.thread === null || rings.length > 0 ? [titleIn(reading)] : [],
    events: [head, ...events],
    seen: rings.reduce((sum, { seen }) => sum + seen, 0),
    kept: rings.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Puts the loop and the worker before the name of a thread. */
function withPrefix(event: TraceEvent, prefix: string): TraceEvent {
  const { ph, args } = event;
  return ph === "M" ? { ...event, args: { name: `${prefix}${args?.["name"]}` } } : event;
}

/** Keeps one `process_name` event for each process, because each of its threads adds one. */
function withoutRepeatedNames(events: readonly TraceEvent[]): TraceEvent[] {
  const named = new Set<number>();
  return events.filter(({ name, pid }) => {
    if (name !== "process_name") return true;
    const isFirst = !named.has(pid);
    named.add(pid);
    return isFirst;
  });
}

/** Ends the recordings of a thread's loops, and returns those that contain any events. */
async function ringsOf(target: Target): Promise<RecordedRing[]> {
  const rings = await target.call("endTrace", target.client);
  if (rings.length === 0) {
    throw new TargetError(
      "Its recording ended early, because this command was silent for too long",
    );
  }
  const found: RecordedRing[] = [];
  for (const [at, ring] of rings.entries()) {
    if (ring.size === 0) continue;
    const { loop, seen, size, names, labels } = ring;
    const columns = await columnsOf(target, ring, at);
    const events = (origin: number) => eventsOf({ ...columns, names, labels }, origin);
    found.push({ loop, seen, size, events, first: columns.times[0] ?? Infinity });
  }
  return found;
}

/** Copies a ring in parts. */
async function columnsOf(
  target: Target,
  { size }: Omit<RingPart, "columns">,
  ring: number,
): Promise<Columns> {
  const parts: Columns[] = [];
  for (let from = 0; from < size; from += EVENTS_AT_ONCE) {
    parts.push(await target.call("traceColumns", target.client, ring, from, EVENTS_AT_ONCE));
  }
  const joined = (name: keyof Columns) => parts.flatMap((part) => Array.from(part[name]));
  return {
    kinds: joined("kinds"),
    times: joined("times"),
    subjects: joined("subjects"),
    objects: joined("objects"),
  };
}

/**
 * Resolves to the TargetError if the target has ended, so that the recordings of others continue.
 */
async function unlessEnded<T>(result: Promise<T>): Promise<T | TargetError> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof TargetError) return error;
    throw error;
  }
}
