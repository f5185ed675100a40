// The fields that the `Reader` in reader.ts reads. Their version is `_probe`: if you change one of
// these fields, increase `_probe` and PROBE_VERSION.
//
// The reader also runs in other processes, on objects of another copy of this package. So it can't
// use `instanceof`, and determines what an object is from its fields.

import type { LoopWarning } from "../program/loopHooks.ts";

export const PROBE_VERSION = 2;

export interface LoopShape {
  readonly _probe: number;
  readonly _core: CoreShape;
  readonly _slots: Iterable<RunnableShape> & {
    readonly current: RunnableShape | undefined;
    /** All sets of hooks. Hidden fields of these lead to statistics and detectors. */
    readonly hooks:
      | readonly {
          readonly hooks: { readonly _facts?: FactsShape; readonly _detector?: DetectorShape };
        }[]
      | undefined;
    at(id: number): RunnableShape | undefined;
  };
  readonly _external: number;
  time(): number;
  isRunning(): boolean;
  getDebug(): boolean;
  readonly slowCallbackDuration?: number;
}

export interface CoreShape {
  readonly kind: "wasm" | "js";
  timers(): number;
  // The compiled core.
  readonly _head?: number;
  readonly _tail?: number;
  readonly _exports?: {
    readonly memory: { readonly buffer: ArrayBuffer };
    readonly rings: { readonly value: number };
    readonly heap: { readonly value: number };
    readonly timers: { readonly value: number };
  };
  // The reference core.
  readonly _queues?: readonly {
    readonly _ids: Int32Array;
    readonly _first: number;
    readonly _end: number;
  }[];
  readonly _timers?: { readonly _slots: readonly number[]; readonly _deadlines: readonly number[] };
}

/** A task, a handle, or the timer of a sleep or a timeout. */
export interface RunnableShape {
  _describe(): string;
  /** Only tasks have it. */
  _inspect?(): {
    readonly on: FutureShape | undefined;
    readonly at: unknown;
    readonly body: object;
    readonly innermost: CallShape | undefined;
  };
  /** Only timeouts have it. */
  readonly _task?: RunnableShape;
  /** Only sleeps and tasks have it. */
  _waiters?(): Iterable<object>;
  when?(): number | undefined;
}

export interface TaskShape extends FutureShape, Omit<RunnableShape, "_waiters"> {
  getName(): string;
  cancelling(): number;
  cancel(message?: string): boolean;
  _inspect(): ReturnType<NonNullable<RunnableShape["_inspect"]>>;
}

export interface FutureShape {
  done(): boolean;
  cancelled(): boolean;
  /** Whether it is done, but without a result. */
  _hasFailed(): boolean;
  _describe(): string;
  _waiters(): Iterable<object>;
  _parts?(): Iterable<FutureShape>;
  _resource?(): object;
  /**
   * Only calls in other threads, loops and machines have it: returns the key under which the other
   * side serves the call; undefined if the call has none.
   */
  _callKey?(): string | undefined;
  /**
   * Only futures in the line of a resource have it: returns who holds the resource, as far as that
   * is recorded.
   */
  _holders?(): Iterable<{ readonly by: object | undefined }>;
  /** Its neighbors in the line of a resource. */
  readonly _ahead?: FutureShape;
  readonly _behind?: FutureShape;
}

export interface CallShape {
  readonly _generator: object;
  readonly _caller: CallShape | undefined;
}

/** What statistics have recorded about a task. */
export interface TaskFacts {
  readonly parent: object | undefined;
  /** When it was created; null if that was before statistics began. */
  readonly created: number | null;
  /**
   * When it last became ready, began to wait or began a step; null if that was before statistics
   * began.
   */
  readonly since: number | null;
  readonly steps: number;
  /** How many milliseconds its steps took together. */
  readonly busy: number;
  /** How many milliseconds its longest step took. */
  readonly longestStep: number;
}

/** What statistics have recorded about a loop. `Reader.read` finds it through the loop's hooks. */
export interface FactsShape {
  readonly lag: number | null;
  readonly utilization: number | null;
  ofTask(task: object): TaskFacts | undefined;
}

/** Collects the warnings of a loop. Found through the loop's hooks, like statistics. */
export interface DetectorShape {
  /** Takes a sample if the last one is old enough. */
  poll(): void;
  list(idOf: (task: object) => number): readonly LoopWarning[];
}
