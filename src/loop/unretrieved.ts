// Records exceptions that have not been retrieved yet.
//
// The exception of an abandoned future must not be lost. Each exception is recorded here until it
// is retrieved. If it never is, it is reported once: when the future is collected, at the latest
// when the loop closes.
//
// Most exceptions are retrieved in the next turn. So the expensive part of recording waits for a
// microtask after the slice, by which time most records are already gone.

import { isError } from "../lang/brands.ts";
import { postMicrotask } from "./hosts/microtask.ts";
import type { Scheduler } from "./scheduler.ts";

interface Failed {
  readonly _loop: Scheduler;
  /** The context, if the future is a task. */
  readonly _context?: object | undefined;
  getName?(): string;
  _describe(): string;
}

const notes = new WeakMap<Scheduler, Set<Unretrieved>>();
let collected: FinalizationRegistry<Note> | undefined;
/** How many failures may wait for the microtask. */
const MAX_RECENT = 1000;
/** Futures that failed in this slice, with their notes. */
let recent: [Failed, Unretrieved][] = [];

export class Unretrieved {
  readonly #loop: Scheduler;
  readonly #message: string;
  readonly #exception: unknown;
  /** Cleared by `watch`, so that the future can be collected. */
  #future: Failed | undefined;
  #weak: WeakRef<Failed> | undefined;
  #collected: Collected | undefined;

  constructor(future: Failed, exception: unknown) {
    this.#loop = future._loop;
    this.#message = `${future._describe()} failed, and nobody retrieved its exception`;
    this.#exception = exception;
    this.#future = future;
    notesOf(future._loop).add(this);
    const count = recent.push([future, this]);
    if (count === 1) postMicrotask(watchRecent);
    // A loop that blocks its thread runs no microtasks. Without this, the list could grow forever.
    if (count > MAX_RECENT) watchRecent();
  }

  /** Drops the record, because the exception is being retrieved. Returns the exception. */
  withdraw(): unknown {
    notesOf(this.#loop).delete(this);
    collected?.unregister(this);
    return this.#exception;
  }

  report(): void {
    if (!notesOf(this.#loop).has(this)) return;
    this.withdraw();
    const message = this.#message;
    const exception = this.#exception;
    const by = this.#future ?? this.#weak?.deref() ?? this.#collected;
    const key = by?.getName === undefined ? "future" : "task";
    this.#loop.callExceptionHandler({ message, exception, [key]: by });
  }

  /** Reports the exception when `future`, which failed with it, is collected. */
  watch(future: Failed): void {
    if (!notesOf(this.#loop).has(this)) return;
    readStack(this.#exception);
    this.#collected = new Collected(future, this.#exception);
    if (typeof WeakRef === "function") this.#weak = new WeakRef(future);
    reportWhenCollected(future, this);
    this.#future = undefined;
  }
}

/** A pending report. */
export interface Note {
  report(): void;
}

/** Calls `note.report()` when `subject` is collected. The note must not reference `subject`. */
export function reportWhenCollected(subject: object, note: Note): void {
  try {
    collected ??= new FinalizationRegistry((due) => due.report());
    collected.register(subject, note, note);
  } catch {
    // Some platforms have no FinalizationRegistry. There, the report waits for the loop to close.
  }
}

/** Represents a collected future or task in a report. */
class Collected {
  readonly getName: (() => string) | undefined;
  readonly _context: object | undefined;
  readonly #exception: unknown;

  constructor(future: Failed, exception: unknown) {
    const name = future.getName?.();
    this.getName = name === undefined ? undefined : () => name;
    this._context = future._context;
    this.#exception = exception;
  }

  done(): boolean {
    return true;
  }

  cancelled(): boolean {
    return false;
  }

  exception(): unknown {
    return this.#exception;
  }

  getContext(): object | undefined {
    return this._context;
  }
}

/** Reports every exception of `loop` that was not retrieved. */
export function reportUnretrieved(loop: Scheduler): void {
  for (const note of [...notesOf(loop)]) note.report();
}

/**
 * Reads the stack trace, because an unread one keeps the objects of its frames alive, including the
 * failed task.
 */
function readStack(exception: unknown): void {
  try {
    if (isError(exception)) void exception.stack;
  } catch {
    // A custom getter threw. The exception itself is still reported.
  }
}

function watchRecent(): void {
  const failed = recent;
  recent = [];
  for (const [future, note] of failed) note.watch(future);
}

function notesOf(loop: Scheduler): Set<Unretrieved> {
  const known = notes.get(loop);
  if (known !== undefined) return known;
  const made = new Set<Unretrieved>();
  notes.set(loop, made);
  return made;
}
