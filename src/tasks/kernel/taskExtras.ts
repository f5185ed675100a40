// Keeps state that few tasks need: a priority, contexts, and everything about cancellation.
//
// Programs have many tasks, and the garbage collector copies all fields of a young object. So a
// task has few fields, and creates a `TaskExtras` when it first needs one.

import type { Priority } from "../../core/core.ts";
import { type CancelledError, newCancelledError } from "../../lang/errors.ts";
import type { AwaitLocation } from "../../lang/locations.ts";
import type { Context } from "../../loop/context.ts";
import type { Flow } from "../../loop/hosts/flow.ts";
import { keepInstances } from "../../loop/kept.ts";
import { quiet } from "../../loop/quiet.ts";
import type { Scheduler } from "../../loop/scheduler.ts";
import { DEFAULT_PRIORITY } from "./taskOptions.ts";

export class TaskExtras {
  static readonly _kept = /* @__PURE__ */ keepInstances(extrasToKeep);

  priority: Priority = DEFAULT_PRIORITY;
  /** The error that the next step throws into the coroutine. */
  undelivered: CancelledError | undefined;
  /** The number of `cancel()` calls that `uncancel()` has not taken back. */
  cancelRequests = 0;
  context: Context | undefined;
  /** The flow in which the steps run: the host's context in which the task was created. */
  flow: Flow | undefined;
  /** Aborts `task.signal`. Created when `task.signal` is first read. */
  controller: AbortController | undefined;
  /** The reason of an abort that was postponed. */
  abortReason: CancelledError | undefined;
  /** In debug mode: where the task waits. */
  waitsAt: AwaitLocation | undefined;
  /** In debug mode: where the task waited when it was cancelled, and its number of steps since. */
  cancelled: { readonly at: AwaitLocation | undefined; steps: number } | undefined;

  /** Takes one cancellation request back. Returns how many are left. */
  uncancel(): number {
    if (this.cancelRequests === 0) return 0;
    if (--this.cancelRequests === 0) {
      this.undelivered = undefined;
      this.cancelled = undefined;
      if (this.controller?.signal.aborted) this.controller = undefined;
    }
    return this.cancelRequests;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelRequests > 0) this.controller.abort(taskCancelled(undefined));
    }
    return this.controller.signal;
  }

  /** Aborts the signal: immediately, or in the next turn if no user code may run now. */
  abort(loop: Scheduler, message: string | undefined): void {
    if (this.controller === undefined) return;
    const error = taskCancelled(message);
    if (quiet.depth === 0) return this.controller.abort(error);
    this.abortReason ??= error;
    if (!loop.isClosed()) loop.callSoon(() => this.abortNow());
  }

  /** Carries out an abort that was postponed. */
  abortNow(): void {
    const error = this.abortReason;
    if (error === undefined) return;
    this.abortReason = undefined;
    this.controller?.abort(error);
  }
}

function extrasToKeep(): readonly object[] {
  return [new TaskExtras(), taskCancelled(undefined)];
}

export function taskCancelled(message: string | undefined): CancelledError {
  return newCancelledError(message ?? "The task was cancelled");
}
