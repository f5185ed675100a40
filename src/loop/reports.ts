// Problems that no caller can be told about: errors of callbacks, errors of abandoned futures and
// tasks, and slow steps. All of them go to the loop's exception handler.

import { monotonicClock } from "./clock.ts";
import { Handle } from "./handle.ts";
import { emit, type Hooks, instrument } from "./hooks.ts";
import { runInContextOf } from "./runnableContext.ts";
import type { ExceptionContext, Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

/** The part of a loop that handles reports if no handler is set, or if the handler throws. */
interface DefaultHandler {
  readonly _slots: { readonly hooks: Hooks | undefined };
  defaultExceptionHandler(context: ExceptionContext): void;
}

/** Returns the report of a step that threw or was slow. `problem` says which. */
export function describeStep(
  runnable: Runnable,
  problem: string,
  details: { readonly exception?: unknown },
): ExceptionContext {
  const isHandle = runnable instanceof Handle;
  const where = isHandle ? "callback " : runnable._task === undefined ? "a step of " : "";
  return {
    message: `${problem} in ${where}${runnable._describe()}`,
    ...details,
    [isHandle ? "handle" : "task"]: runnable._task ?? runnable,
  };
}

/**
 * Reports steps and callbacks that take more than `slowerThan` milliseconds. Returns a function
 * that stops this.
 */
export function measureSteps(loop: Scheduler, slowerThan: number): () => void {
  /** Steps nest where a task starts another one eagerly. */
  const starts: number[] = [];
  const begins = (): void => {
    starts.push(monotonicClock.now());
  };
  const ends = (runnable: unknown): void => {
    const duration = monotonicClock.now() - (starts.pop() ?? Infinity);
    if (duration > slowerThan) {
      loop.callExceptionHandler(
        describeStep(runnable as Runnable, `${duration.toFixed(1)} ms`, {}),
      );
    }
  };
  return instrument(loop, {
    stepBegins: begins,
    stepEnds: ends,
    callbackBegins: begins,
    callbackEnds: ends,
    // Timers of sleeps and timeouts. These hooks are undocumented, because users see tasks instead.
    timerBegins: begins,
    timerEnds: ends,
  });
}

/** Passes a report to `handler`, in the context of the task or handle that the report names. */
export function deliverReport<Loop extends DefaultHandler>(
  loop: Loop,
  handler: ((loop: Loop, context: ExceptionContext) => unknown) | undefined,
  context: ExceptionContext,
): void {
  const { hooks } = loop._slots;
  if (hooks !== undefined) emit(hooks, "reports", context);
  runInContextOf(context.task ?? context.handle, () => {
    try {
      if (handler === undefined) return loop.defaultExceptionHandler(context);
      try {
        handler(loop, context);
      } catch (exception) {
        loop.defaultExceptionHandler(context);
        loop.defaultExceptionHandler({ message: "The exception handler itself threw", exception });
      }
    } catch {
      // The console is broken too. Nothing is left to report to, and the loop must continue.
    }
  });
}
