// The errors and reports for mistakes in coroutines.

import { describe } from "../../lang/arguments.ts";
import { RuntimeError } from "../../lang/errors.ts";
import type { AwaitLocation } from "../../lang/locations.ts";
import { OF_ANOTHER_COPY } from "../../loop/registry.ts";
import { isFromAnotherCopy } from "./anotherCopy.ts";
import { awaited, Future } from "./future.ts";

/** Returns the error for a `value` that `task` yielded but can't wait for. Never throws. */
export function yieldError(task: Future<unknown>, value: unknown): unknown {
  const { future } = awaited;
  if (future === undefined || future !== value) {
    try {
      return badYield(value);
    } catch (error) {
      return error; // from a getter of the value, or because it is a revoked proxy
    }
  }
  return future._loop === task._loop ? selfAwait(task) : foreignLoop(task, future);
}

function badYield(value: unknown): TypeError {
  const got = `A task can only wait for futures, tasks and coroutines, got ${describe(value)}`;
  if (isFromAnotherCopy(value)) return new TypeError(`${got}. It${OF_ANOTHER_COPY}`);
  const isPromise = typeof (value as { then?: unknown } | null)?.then === "function";
  const how =
    isPromise && !(value instanceof Future)
      ? " Await a promise with `yield* fromPromise(promise)`"
      : "";
  return new TypeError(`${got}. Did you mean \`yield*\` instead of \`yield\`?${how}`);
}

function selfAwait(task: Future<unknown>): RuntimeError {
  return new RuntimeError(`${task._describe()} awaits itself, and would wait forever`);
}

function foreignLoop(task: Future<unknown>, future: Future<unknown>): RuntimeError {
  return new RuntimeError(
    `${task._describe()} awaits a ${future._describe()} of another loop. Await it there, or as a promise`,
  );
}

/**
 * Returns `error`. But if it is the engine's TypeError for a `body` from another copy of this
 * package, which can't run here, returns a RuntimeError that says so.
 */
export function bodyError(body: unknown, error: unknown): unknown {
  if (!isFromAnotherCopy(body) || !(error instanceof TypeError)) return error;
  return new RuntimeError(`The coroutine cannot run. It${OF_ANOTHER_COPY}`, { cause: error });
}

export function outcomeIsSet(): RuntimeError {
  return new RuntimeError("A task gets its outcome from its coroutine");
}

/** A cancelled task that continues is reported after this number of steps. */
export const LONG_CLEANUP = 10;

/**
 * In debug mode, reports a task that was cancelled, but continues or ends with a result. The usual
 * cause is a bare `catch` around a `yield*`.
 *
 * @param sequel what the task did instead of ending as cancelled, such as "ended with a result"
 */
export function reportSwallowed(
  task: Future<unknown>,
  location: AwaitLocation | undefined,
  sequel: string,
): void {
  const loop = task._loop;
  if (!loop.getDebug()) return;
  const at = location?.origin;
  const where = at === undefined ? "" : ` while it waited at ${at.functionName} (${at.location})`;
  loop.callExceptionHandler({
    message:
      `${task._describe()} was cancelled${where}, and ${sequel}. A \`catch\` must rethrow a ` +
      "CancelledError, or call `uncancel()` to end the cancellation",
    task,
  });
}
