import { type Core, recycleCore, SLOT_MASK } from "../core/core.ts";
import { type Hooks, noteRemoved } from "./hooks.ts";

/** How many unused ids may be cached here instead of being returned to the core. */
const MAX_IDLE = 1024;

/** What hooks and debuggers read of a task. */
export interface Inspected {
  /** The future that the task waits for; undefined if it doesn't wait. */
  readonly on: { done(): boolean } | undefined;
}

/** What a turn runs: a handle, a task, or a timer of a sleep or a timeout. */
export interface Runnable {
  /** The `Context` of a task. The contexts of callbacks are in a separate map. */
  _context?: object | undefined;
  /** The task on whose behalf this runs, unless this is the task itself. For reports. */
  readonly _task?: object;
  /** Returns a description for reports. */
  _describe(): string;
  /**
   * Called by the loop each time it takes the slot from the ready queue, and by a task that starts
   * eagerly. Returns whether the slot should be ready again in the next turn, at the default
   * priority.
   */
  _run(): boolean;
  /** Only tasks have this. */
  _inspect?(): Inspected;
}

/**
 * Maps the core's slots to runnables.
 *
 * The arrays keep every runnable that is ready, sleeping or waiting, so that none can be collected
 * before it runs. (Unlike asyncio, whose loop has only weak references to tasks.)
 *
 * Tasks are in a separate array. Engines optimize a call site for at most four classes, and a
 * program with callbacks, timers, sleeps and timeouts has more. So a turn calls tasks, which run
 * most often, at a site where no other class occurs.
 */
export class Slots {
  readonly core: Core;
  /** The runnable that is running. */
  current: Runnable | undefined;
  /** Set while the loop has hooks. */
  hooks: Hooks | undefined;
  /** By slot, the deadlines of the timers that were added while the loop had hooks. */
  deadlines: number[] = [];
  #tasks: (Runnable | undefined)[] = [undefined];
  /**
   * The other runnables. This array is only as long as they need, because growing a long array is
   * slow.
   */
  #others: (Runnable | undefined)[] = [undefined];
  /** Unused ids, cached here because most slots are needed again very soon. */
  readonly #idleTasks: number[] = [];
  /** The same for other runnables. These slots have a place in `#others`. */
  readonly #idleOthers: number[] = [];
  #closed = false;

  constructor(core: Core) {
    this.core = core;
  }

  /** Allocates a slot for a runnable that is not a task. Returns its id in the core. */
  add(runnable: Runnable): number {
    const id = this.#idleOthers.pop() ?? this.#allocateOther();
    this.#others[id & SLOT_MASK] = runnable;
    return id;
  }

  /** Allocates a slot for a task. Returns its id in the core. */
  addTask(task: Runnable): number {
    const id = this.#idleTasks.pop() ?? this.#allocate();
    this.#tasks[id & SLOT_MASK] = task;
    return id;
  }

  /** Frees the slot of a task that has ended. The id must not be used again. */
  retireTask(id: number): void {
    if (this.#idleTasks.length >= MAX_IDLE) return this.release(id);
    this.#idleTasks.push(id);
    this.#tasks[id & SLOT_MASK] = undefined;
  }

  /** Frees the slot of another runnable, which is not ready. The id must not be used again. */
  retire(id: number): void {
    if (this.#idleOthers.length >= MAX_IDLE) return this.release(id);
    this.#idleOthers.push(id);
    this.#others[id & SLOT_MASK] = undefined;
  }

  /** Frees a slot that usually belongs to a pending timer. If it does, its id may be cached. */
  stopTimer(id: number): void {
    if (this.#closed || this.#idleOthers.length >= MAX_IDLE || !this.core.removeTimer(id)) {
      this.release(id);
      return;
    }
    this.retire(id);
    noteRemoved(this, id);
  }

  /** Frees a slot, and removes it from its ring or the heap. The id must not be used again. */
  release(id: number): void {
    if (this.#closed) return;
    this.core.release(id);
    this.#clear(id);
    // At the end, because hooks may use the slot again.
    noteRemoved(this, id);
  }

  /** Returns the runnable of a live id. */
  at(id: number): Runnable {
    return this.taskAt(id) ?? (this.#others[id & SLOT_MASK] as Runnable);
  }

  /** Returns the runnable of a live id that is not a task's. */
  otherAt(id: number): Runnable {
    return this.#others[id & SLOT_MASK] as Runnable;
  }

  /** Returns the task of a live id; undefined if the id belongs to something else. */
  taskAt(id: number): Runnable | undefined {
    return this.#tasks[id & SLOT_MASK];
  }

  /** The number of runnables. */
  get size(): number {
    return this.core.live() - this.#idleTasks.length - this.#idleOthers.length;
  }

  /** Iterates over all runnables, in no particular order. */
  *[Symbol.iterator](): Generator<Runnable, void> {
    // By index, because `entries()` creates an object for each slot, and many are free.
    for (let slot = 0; slot < this.#tasks.length; slot++) {
      const runnable = this.#tasks[slot] ?? this.#others[slot];
      if (runnable !== undefined) yield runnable;
    }
  }

  /** Drops all runnables and gives the core back. From then on, another loop may own it. */
  close(): void {
    this.#closed = true;
    this.#tasks = [];
    this.#others = [];
    this.#idleTasks.length = 0;
    this.#idleOthers.length = 0;
    this.deadlines = [];
    recycleCore(this.core);
  }

  #allocateOther(): number {
    const id = this.#allocate();
    while (this.#others.length <= (id & SLOT_MASK)) this.#others.push(undefined);
    return id;
  }

  #allocate(): number {
    const id = this.core.allocate();
    while (this.#tasks.length <= (id & SLOT_MASK)) this.#tasks.push(undefined);
    return id;
  }

  #clear(id: number): void {
    const slot = id & SLOT_MASK;
    this.#tasks[slot] = undefined;
    if (slot < this.#others.length) this.#others[slot] = undefined;
  }
}
