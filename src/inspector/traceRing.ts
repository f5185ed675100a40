// A ring of typed arrays, which keeps the latest events of a loop.
//
// An event is three numbers: its kind, its instant and its subject. Some have a fourth number,
// their object, such as the waker of a task. Tasks and labels are numbered, and only their names
// are kept, so a trace keeps no task alive. The ids of calls are in events of their own. The
// exported trace uses them to draw arrows to other threads and machines.
//
// Recording doesn't depend on the export, which may happen in another process.

import { callDoor, type ServedCall, type ServedListener } from "../executors/servedCalls.ts";
import { monotonicClock } from "../loop/clock.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { LoopHooks } from "../program/loopHooks.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { callId } from "./callIds.ts";
import { kindOf, kindOfCall, leavesOf } from "./leaves.ts";
import { LONGEST_NAME } from "./longestName.ts";
import type { FutureShape } from "./shapes.ts";

/** A trace that is being recorded, or was. */
export interface TraceRecording {
  /** Whether it still records. */
  readonly isRecording: boolean;
  /** How many events it has recorded. It keeps the latest ones, up to its limit. */
  readonly seen: number;
  /** Ends the recording. Does nothing the second time. */
  stop(): void;
}

/**
 * Returns the label of a wait for `future`: the future's kind. For a call, returns its kind and
 * function, but not where it runs, because that is not known yet.
 */
function waitLabelOf(future: Future<unknown>): string {
  const description = future._describe();
  return kindOfCall(description) === undefined
    ? kindOf(future)
    : description.replace(/ \([^)]*\)/, "");
}

/** Returns the calls that a future waits for, itself or through its parts. */
function callsOf(future: FutureShape): readonly FutureShape[] {
  if (future._callKey !== undefined) return [future];
  return future._parts === undefined ? [] : leavesOf(future).calls;
}

/** What a ring has kept, oldest first, as plain data that survives JSON. */
export interface TraceColumns {
  readonly kinds: ArrayLike<number>;
  /** Milliseconds of the real, monotonic clock. */
  readonly times: ArrayLike<number>;
  /**
   * For TURN, the size of the batch. For CALL_ID, the lower half of the id. Otherwise the number of
   * the task, callback or call.
   */
  readonly subjects: ArrayLike<number>;
  /**
   * For WAITS, the number of the label. For WAKES, the number of the waker, or 0 if it is unknown.
   * For CALL_ID, the upper half of the id. Otherwise 0.
   */
  readonly objects: ArrayLike<number>;
  readonly names: readonly (readonly [number: number, name: string])[];
  readonly labels: readonly string[];
}

export const STEP_BEGINS = 1;
export const STEP_ENDS = 2;
export const WAITS = 3;
export const WAKES = 4;
export const CALLBACK_BEGINS = 5;
export const CALLBACK_ENDS = 6;
export const TURN = 7;
/** A call whose caller is elsewhere begins to run here, or gets another key and name. */
export const SERVING_BEGINS = 8;
export const SERVING_ENDS = 9;
/**
 * The id of a call that the preceding event is about. SERVING_BEGINS is followed by the id of its
 * call. WAITS is followed by the ids of those awaited calls that were in no earlier wait, and WAKES
 * by the ids of those awaited calls that are done.
 */
export const CALL_ID = 10;

const HALF = 2 ** 32;

/** The recordings that have not ended. */
const recordings = /* @__PURE__ */ new Set<TraceRing>();

export class TraceRing implements TraceRecording {
  readonly #kinds: Uint8Array;
  readonly #times: Float64Array;
  /** See `TraceColumns`. */
  readonly #subjects: Uint32Array;
  /** See `TraceColumns`. */
  readonly #objects: Uint32Array;
  readonly #limit: number;
  readonly #numbers = new WeakMap<object, number>();
  /** The names of the numbered tasks, callbacks and calls, if the ring may refer to them. */
  readonly #names = new Map<number, string>();
  #lastNumber = 0;
  readonly #labels = new Map<string, number>([["", 0]]);
  #seen = 0;
  /** The loops that this ring records, each with the function that removes the hooks. */
  readonly #removals = new Map<object, () => void>();
  readonly #loop: Scheduler | undefined;
  readonly #onCall: ServedListener;
  /** The ids of calls that tasks have waited for. */
  readonly #callIds = new WeakMap<object, number>();
  /** The calls that tasks wait for, by task. */
  readonly #awaited = new WeakMap<object, readonly FutureShape[]>();

  /**
   * @param loop the loop to record; undefined if all loops are added by `follow`
   * @param ownsThread whether to record the calls that have a thread to themselves, instead of
   * sharing a loop with other calls
   */
  constructor(loop: Scheduler | undefined, limit: number, ownsThread = true) {
    this.#limit = limit;
    this.#kinds = new Uint8Array(limit);
    this.#times = new Float64Array(limit);
    this.#subjects = new Uint32Array(limit);
    this.#objects = new Uint32Array(limit);
    this.#loop = loop;
    this.#onCall = (call, what) => this.#addCall(call, what, ownsThread);
    // Ends recordings of closed loops, because otherwise they might never end.
    for (const one of recordings) if (one.#loop?.isClosed()) one.#end();
    recordings.add(this);
    const { calls, listeners } = callDoor();
    if (loop !== undefined) this.follow(loop);
    for (const call of calls) this.#onCall(call, "begins");
    listeners.add(this.#onCall);
  }

  /** Records another loop of the same thread too. */
  follow(loop: Scheduler): void {
    for (const [one] of this.#removals) {
      if ((one as Scheduler).isClosed()) this.#removals.delete(one);
    }
    const hooks: LoopHooks = {
      stepBegins: (task) => this.#add(STEP_BEGINS, this.#numberOf(task, task.getName())),
      stepEnds: (task) => this.#add(STEP_ENDS, this.#numberOf(task, task.getName())),
      taskWaits: (task, future) => {
        this.#add(WAITS, this.#numberOf(task, task.getName()), this.#labelOf(waitLabelOf(future)));
        // The shape has optional fields that a future's class need not declare.
        const calls = callsOf(future as unknown as FutureShape);
        if (calls.length > 0) this.#awaited.set(task, calls);
        for (const call of calls) this.#addBegunCall(call);
      },
      taskWakes: (task, by) => {
        const waker = by === undefined ? 0 : (this.#numbers.get(by) ?? 0);
        this.#add(WAKES, this.#numberOf(task, task.getName()), waker);
        for (const call of this.#awaited.get(task) ?? []) {
          const id = this.#callIds.get(call);
          if (id !== undefined && call.done()) this.#addCallId(id);
        }
        this.#awaited.delete(task);
      },
      callbackBegins: (handle) =>
        this.#add(CALLBACK_BEGINS, this.#numberOf(handle, handle._describe())),
      callbackEnds: (handle) => this.#add(CALLBACK_ENDS, this.#numberOf(handle, "callback")),
      turnBegins: (ready) => this.#add(TURN, ready),
    };
    this.#removals.set(loop, instrument(loop, hooks as HookSet));
  }

  get isRecording(): boolean {
    return recordings.has(this);
  }

  get seen(): number {
    return this.#seen;
  }

  stop(): void {
    this.#end();
  }

  #end(): void {
    recordings.delete(this);
    callDoor().listeners.delete(this.#onCall);
    for (const remove of this.#removals.values()) remove();
    this.#removals.clear();
  }

  /** Returns a copy of what is kept. */
  columns(): TraceColumns {
    const size = Math.min(this.#seen, this.#limit);
    const first = (this.#seen - size) % this.#limit;
    const inOrder = <T extends Uint8Array | Uint32Array | Float64Array>(column: T): T => {
      const ordered = column.slice(0, size) as T;
      ordered.set(column.subarray(first, size));
      ordered.set(column.subarray(0, first), size - first);
      return ordered;
    };
    return {
      kinds: inOrder(this.#kinds),
      times: inOrder(this.#times),
      subjects: inOrder(this.#subjects),
      objects: inOrder(this.#objects),
      names: [...this.#names],
      labels: [...this.#labels.keys()],
    };
  }

  #addCall(call: ServedCall, what: "begins" | "ends", ownsThread: boolean): void {
    if (call.loop === undefined ? !ownsThread : !this.#removals.has(call.loop)) return;
    const number = this.#numberOf(call, call.name);
    if (what === "ends") return this.#add(SERVING_ENDS, number);
    this.#names.set(number, call.name);
    this.#add(SERVING_BEGINS, number);
    this.#addCallId(callId(call.key));
  }

  /** Adds the id of a call once, because a task may wait for the same call again and again. */
  #addBegunCall(call: FutureShape): void {
    const key = this.#callIds.has(call) ? undefined : call._callKey?.();
    if (key === undefined) return;
    const id = callId(key);
    this.#callIds.set(call, id);
    this.#addCallId(id);
  }

  #addCallId(id: number): void {
    this.#add(CALL_ID, id % HALF, Math.floor(id / HALF));
  }

  #add(kind: number, subject: number, object = 0): void {
    const at = this.#seen % this.#limit;
    this.#kinds[at] = kind;
    this.#times[at] = monotonicClock.now();
    this.#subjects[at] = subject;
    this.#objects[at] = object;
    this.#seen++;
  }

  #numberOf(object: object, name: string): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      number = ++this.#lastNumber;
      this.#numbers.set(object, number);
    }
    if (!this.#names.has(number)) {
      if (this.#names.size > 2 * this.#limit) this.#forgetNames();
      this.#names.set(number, name.slice(0, LONGEST_NAME));
    }
    return number;
  }

  /**
   * Forgets the names that the ring no longer refers to. Otherwise, a recording would take up more
   * and more memory.
   */
  #forgetNames(): void {
    // The objects of some events are numbers of labels, which may keep a few names too many.
    const kept = new Set([...this.#subjects, ...this.#objects]);
    for (const number of this.#names.keys()) if (!kept.has(number)) this.#names.delete(number);
  }

  #labelOf(label: string): number {
    let number = this.#labels.get(label);
    if (number === undefined) {
      number = this.#labels.size;
      this.#labels.set(label, number);
    }
    return number;
  }
}
