// A call that an executor makes, and the interface to the threads that run it.

import type { CancelledError } from "../lang/errors.ts";
import type { setTimeout } from "../loop/hosts/timers.ts";
import { copied } from "../remote/transfer.ts";
import type { TaskLocation } from "./task.ts";

/** Receives the outcome of a call. */
export interface CallListener {
  onResult(value: unknown): void;
  onError(error: unknown): void;
}

let count = 0;

/** A submitted call. */
export class ThreadCall {
  /**
   * Identifies the call among those that this thread submits. A 32-bit integer, to fit into shared
   * memory.
   */
  readonly number: number;
  readonly location: TaskLocation;
  args: readonly unknown[];
  readonly listener: CallListener;
  /** Why the call was cancelled; undefined if it was not. */
  cancelled: CancelledError | undefined;
  isSettled = false;
  /** Ends the grace period. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether `args` has been copied, so that the caller can't change it. */
  isCopied = false;

  constructor(location: TaskLocation, args: readonly unknown[], listener: CallListener) {
    count = (count + 1) | 0;
    this.number = count;
    this.location = location;
    this.args = args;
    this.listener = listener;
  }

  /** Copies the arguments as they are now. @throws DataCloneError if they cannot be cloned. */
  copy(): void {
    if (!this.isCopied) this.args = copied(this.args);
    this.isCopied = true;
  }
}

/** The threads of an executor. */
export interface ThreadPool {
  /**
   * Sends a call to a free thread. The pool calls the executor's `onEnd` when the call has ended.
   * Throws if the call cannot be sent.
   */
  begin(call: ThreadCall): void;
  /** Notifies the thread that its call is cancelled. */
  cancel(call: ThreadCall): void;
  /**
   * Terminates the thread of a call. The pool calls the executor's `onEnd` or `onFree` when the
   * thread has ended.
   */
  terminate(call: ThreadCall): void;
  /** Returns the key under which the thread serves a call. Traces connect the two sides by it. */
  keyOf?(call: ThreadCall): string;
  /** Returns where a call runs, such as `in worker 2`; undefined if that is unknown. */
  whereIs?(call: ThreadCall): string | undefined;
  /** Ends all threads. Called when none has a call. */
  end(): Promise<void>;
}
