import { type Core, recycleCore, SLOT_MASK } from "../core/core.ts";

/** How many ids are kept back from the core. */
const MOST_IDLE = 1024;

/** A list with more places than this is left to the garbage collector. */
const LARGEST_SPARE = 1 << 18;

/**
 * The empty list of a loop that was closed, for the next one: to grow one anew takes a seventh of what it takes to start
 * and end many tasks.
 */
let spare: (Runnable | undefined)[] | undefined;

/** What a slot of the core stands for: something that takes its turn. */
export interface Runnable {
  /** The `Context` of one that takes many turns, if it has one. @internal */
  _context?: object | undefined;
  /** The task for which it takes its turn, if that is not itself. For reports. @internal */
  readonly _task?: object;
  /** Words for reports. @internal */
  _describe(): string;
  /**
   * Called by the loop, and by nobody else, each time the slot comes up. Returns whether the slot is to come up in the
   * next turn again, at the default priority. @internal
   */
  _run(): boolean;
}

/**
 * The JavaScript side of the core's slots: the core orders numbers, this knows whom they stand for.
 *
 * A plain array keeps every runnable that is ready, sleeping or waiting, so nothing of a loop can be collected
 * before its turn. (Unlike asyncio, whose loop only has weak references to tasks.)
 */
export class Slots {
  readonly core: Core;
  /** Whose turn it is. */
  current: Runnable | undefined;
  #runnables: (Runnable | undefined)[];
  /** Ids that nobody has, kept here because most slots are wanted again at once. */
  readonly #idle: number[] = [];
  #closed = false;

  constructor(core: Core) {
    this.core = core;
    this.#runnables = spare ?? [undefined];
    spare = undefined;
  }

  /** Gives `runnable` a slot of its own. Returns the id by which the core knows it. */
  add(runnable: Runnable): number {
    const id = this.#idle.pop() ?? this.core.allocate();
    this.#runnables[id & SLOT_MASK] = runnable;
    return id;
  }

  /** Gives back the slot of a runnable that has just had its turn. The id must not be used again. */
  retire(id: number): void {
    if (this.#idle.length < MOST_IDLE) {
      this.#idle.push(id);
      this.#runnables[id & SLOT_MASK] = undefined;
    } else {
      this.release(id);
    }
  }

  /** `release` of what is nearly always a timer: without a call into the core to have a slot for the next one. */
  stopTimer(id: number): void {
    if (!this.#closed && this.#idle.length < MOST_IDLE && this.core.removeTimer(id))
      this.retire(id);
    else this.release(id);
  }

  /** Gives the slot back, out of every queue. The id must not be used again. */
  release(id: number): void {
    if (this.#closed) return;
    this.core.release(id);
    this.#runnables[id & SLOT_MASK] = undefined;
  }

  /** Whom a live id stands for. */
  at(id: number): Runnable {
    return this.#runnables[id & SLOT_MASK] as Runnable;
  }

  /** How many have a slot. */
  get size(): number {
    return this.core.live() - this.#idle.length;
  }

  /** Everything that has a slot. */
  *[Symbol.iterator](): Generator<Runnable, void> {
    for (const runnable of this.#runnables) if (runnable !== undefined) yield runnable;
  }

  /** Forgets everything, and gives the core back: it belongs to somebody else from now on. */
  close(): void {
    this.#closed = true;
    if (this.size === 0 && this.#runnables.length <= LARGEST_SPARE) spare = this.#runnables;
    this.#runnables = [];
    this.#idle.length = 0;
    recycleCore(this.core);
  }
}
