// Exceptions that nobody has seen yet.
//
// A failed future that is dropped must not take its exception with it. Each such
// exception is noted here until somebody retrieves it; it is reported once, when
// the future is collected, at the latest when the loop closes.
//
// Most exceptions are retrieved in the next turn. So what costs something waits
// for the microtask after the slice, and is spared to those.

import { isError } from "./brands.ts";
import { postMicrotask } from "./hosts/microtask.ts";
import type { Scheduler } from "./scheduler.ts";

interface Failed {
  readonly _loop: Scheduler;
  /** The context of a task. */
  readonly _context?: object | undefined;
  getName?(): string;
  _describe(): string;
}

const notes = new WeakMap<Scheduler, Set<Unretrieved>>();
let collected: FinalizationRegistry<Unretrieved> | undefined;
/** How many failures may wait for the microtask. */
const MOST_RECENT = 1000;
/** Futures that failed in this slice, with their notes. */
let recent: [Failed, Unretrieved][] = [];

export class Unretrieved {
  readonly #loop: Scheduler;
  readonly #message: string;
  readonly #exception: unknown;
  /** Kept until the microtask only, so that the future can be collected. */
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
    // While a loop blocks its thread no microtask comes.
    if (count > MOST_RECENT) watchRecent();
  }

  /** Somebody sees the exception now. Returns it. */
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

  /** Reports it when `future`, which it belongs to, is collected. */
  watch(future: Failed): void {
    if (!notesOf(this.#loop).has(this)) return;
    readStack(this.#exception);
    this.#collected = new Collected(future, this.#exception);
    try {
      this.#weak = new WeakRef(future);
      collected ??= new FinalizationRegistry((note) => note.report());
      collected.register(future, this, this);
    } catch {
      // Some platforms have none. Then it is reported when the loop closes.
    }
    this.#future = undefined;
  }
}

/** Stands in a report for a future or a task that is gone. */
class Collected {
  readonly getName: (() => string) | undefined;
  /** @internal */
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

/** Reports every exception of `loop` that nobody has retrieved. */
export function reportUnretrieved(loop: Scheduler): void {
  for (const note of [...notesOf(loop)]) note.report();
}

/** A stack trace that nobody has read yet holds the objects of its frames, and so the very task that failed. */
function readStack(exception: unknown): void {
  try {
    if (isError(exception)) void exception.stack;
  } catch {
    // A getter of its own, or a name that is no string. It is told all the same, and to nobody here.
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
