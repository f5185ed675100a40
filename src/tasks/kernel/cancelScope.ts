// How a block distinguishes its own cancellation from others.
//
// A block such as a timeout cancels its own task in order to end. `CancelScope` takes that
// cancellation back when the block ends, and lets other cancellations continue.

import { isCancellation } from "../../lang/thrown.ts";

/** The part of a task that a scope uses. */
interface Cancellable {
  cancel(message?: string): boolean;
  cancelling(): number;
  uncancel(): number;
  _deliveredCancels(): number;
}

/**
 * A block in a task that a cancellation can end.
 *
 * As in asyncio, only counts can distinguish the scope's own cancellation from others. If more
 * requests are left, without the scope's own, than had been delivered when the block began, the
 * task was also cancelled by others. Unlike asyncio's, a scope doesn't count a request that is
 * still undelivered when the block begins: that request will be delivered inside the block, and its
 * error must leave the block.
 */
export class CancelScope<T extends Cancellable = Cancellable> {
  readonly _task: T;
  /** How many of the task's cancellation requests had been delivered when the block began. */
  readonly _before: number;
  /** Whether one of the task's requests is this scope's own. */
  _hasCancelled = false;

  /** @internal */
  constructor(task: T) {
    this._task = task;
    this._before = task._deliveredCancels();
  }

  /** Cancels the task. Call it once per scope. */
  _cancel(message: string): void {
    this._hasCancelled = true;
    this._task.cancel(message);
  }

  /**
   * Takes back the scope's own cancellation. Returns whether there was one, and no others have
   * cancelled the task since the block began. Idempotent.
   */
  _exit(): boolean {
    const hasCancelled = this._hasCancelled;
    this._hasCancelled = false;
    return hasCancelled && this._task.uncancel() <= this._before;
  }

  /** Exits with the block's error. Returns whether that is the scope's own cancellation. */
  _exitWith(error: unknown): boolean {
    return this._exit() && isCancellation(error);
  }
}

/**
 * Whether others have cancelled the task of a scope. Valid once the scope has taken back its own
 * cancellation.
 */
export function isCancelledByOthers(scope: CancelScope): boolean {
  return scope._task.cancelling() > scope._before;
}

/** Delivers a caught cancellation again, where the task waits next. */
export function cancelAgain(task: Cancellable, error: Error): void {
  task.uncancel();
  task.cancel(error.message);
}
