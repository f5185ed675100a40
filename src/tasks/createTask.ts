import { checkOptions } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type CoroutineLike, checkCoroutine } from "./awaitable.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import { Task } from "./kernel/task.ts";
import type { TaskOptions } from "./kernel/taskOptions.ts";

/**
 * Starts a coroutine as a task of the running loop. Like `asyncio.create_task`.
 *
 * @throws RuntimeError if no loop is running.
 * @throws TypeError if `coro` is not a coroutine. For a promise, use `ensureFuture`.
 * @throws InvalidStateError if `coro` is decorated and was awaited or started before.
 */
export function createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
  const body = checkCoroutine("coro", coro);
  return createTaskOn(currentScheduler("A task"), body, options);
}

/** Creates a task of `loop`, using the loop's task factory if it has one. */
export function createTaskOn<T>(
  loop: Scheduler,
  body: Coroutine<T>,
  options?: TaskOptions,
): Task<T> {
  if (options !== undefined) checkOptions(options);
  if (loop.isClosed()) throw new RuntimeError("The loop is closed");
  return loop._makeTask === undefined
    ? new Task(loop, body, options)
    : (loop._makeTask(body as never, options ?? {}) as Task<T>);
}
