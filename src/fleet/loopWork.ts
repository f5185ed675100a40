// A call that runs on a loop in this process. Other calls may share that loop.

import { beginServing, endServing, type ServedCall } from "../executors/servedCalls.ts";
import { type AnyFunction, type SharedCall, sharedCall } from "../executors/work.ts";
import { CancelledError } from "../lang/errors.ts";
import { monotonicClock } from "../loop/clock.ts";
import type { ContextVar } from "../loop/context.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import { type Coroutine, isCoroutine } from "../tasks/kernel/coroutine.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { futureOfPromise } from "../tasks/relay.ts";

/** The values of the context variables sent with a call. */
export type ContextValues = readonly (readonly [ContextVar<unknown>, unknown])[];

/** Called once with a call's outcome. */
export type OnEnd = (isError: boolean, outcome: unknown) => void;

/** A call in progress. */
interface RunningWork {
  /** Requests cancellation. */
  cancel(): void;
}

/** The function to run, and everything it needs. */
interface WorkOrder {
  /** The call's key, which its caller can compute too. */
  readonly key: string;
  readonly name: string;
  readonly fn: AnyFunction;
  readonly args: readonly unknown[];
  readonly context: ContextValues;
  readonly report: (value: unknown) => void;
}

/** Runs a call as a task of `loop`. Waits for an async function to end even after cancellation. */
export class LoopWork implements RunningWork, SharedCall {
  readonly #order: WorkOrder;
  readonly #loop: Scheduler;
  readonly #task: Task<unknown>;
  readonly #served: ServedCall;
  #controller: AbortController | undefined;
  #isCancelled = false;
  #awaitsPromise = false;

  constructor(loop: Scheduler, order: WorkOrder, onEnd: OnEnd) {
    this.#loop = loop;
    this.#order = order;
    this.#task = createTaskOn(loop, this.#run(), { name: order.name });
    this.#served = beginServing(order.key, order.name, monotonicClock.now(), loop, this.#task);
    loop._resources.add(this);
    this.#task.addDoneCallback((task) => {
      loop._resources.delete(this);
      this.close();
      if (task.cancelled()) onEnd(true, new CancelledError("The call was cancelled"));
      else if (task._hasFailed()) onEnd(true, task._reason());
      else onEnd(false, task.result());
    });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#abort();
    }
    return this.#controller.signal;
  }

  report(value: unknown): void {
    this.#order.report(value);
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#abort();
    if (!this.#awaitsPromise) this.#task.cancel();
  }

  /**
   * Called when the task is done. Also called when the loop closes, because a task of a closed loop
   * never ends.
   */
  close(): void {
    endServing(this.#served);
  }

  *#run(): Coroutine<unknown> {
    const { fn, args, context } = this.#order;
    if (isAsyncFunction(fn)) return yield* this.#promised(callInFlow(this, fn, args, context));
    enter(this, context);
    const made = fn(...args);
    if (isCoroutine(made)) {
      this.#served.coro = made;
      return yield* made as Coroutine<unknown>;
    }
    return isThenable(made) ? yield* this.#promised(made) : made;
  }

  *#promised(promise: PromiseLike<unknown>): Coroutine<unknown> {
    this.#awaitsPromise = true;
    // Treat a CancelledError thrown by the function itself like any other outcome.
    const settled = promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const end = yield* futureOfPromise(this.#loop, settled);
    if ("error" in end) throw end.error;
    return end.value;
  }

  #abort(): void {
    this.#controller?.abort(new CancelledError("The call was cancelled"));
  }
}

/** Sets the current call and its context variables in the current task or async flow. */
function enter(call: SharedCall, context: ContextValues): void {
  sharedCall().set(call);
  for (const [variable, value] of context) variable.set(value);
}

/**
 * Calls an async function in a separate async flow, so that its context persists across each
 * `await` and does not leak.
 */
async function callInFlow(
  call: SharedCall,
  fn: AnyFunction,
  args: readonly unknown[],
  context: ContextValues,
): Promise<unknown> {
  // Creates the variable before this function waits. Flows that are already waiting when a variable
  // is created would share its value.
  sharedCall();
  await undefined;
  enter(call, context);
  return fn(...args);
}

function isAsyncFunction(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === "[object AsyncFunction]";
}
