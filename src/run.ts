// Running a whole program: a loop of its own, from the first task to the last.

import { EventLoop } from "./eventLoop.ts";
import { checkOptions, wrongType } from "./loop/arguments.ts";
import type { Clock } from "./loop/clock.ts";
import { RuntimeError } from "./loop/errors.ts";
import { type AwaitableLike, allTasks, checkAwaitable } from "./tasks/awaitable.ts";
import { gather } from "./tasks/gather.ts";
import type { Task } from "./tasks/task.ts";

export interface RunOptions {
  /** Runs in debug mode. */
  readonly debug?: boolean;
  /** Where the loop's time comes from, by default the host's clock. Only for a loop that is made here. */
  readonly clock?: Clock;
  /** The loop to run on, or what makes it; by default a new one. It is closed at the end. */
  readonly loop?: EventLoop | (() => EventLoop);
}

/**
 * Runs `main` on a new loop; the promise settles as `main` did. Like `asyncio.run`.
 *
 * Whatever tasks `main` leaves behind are cancelled at its end, and waited for; an error that one of them ends with is
 * reported to the loop's exception handler. Then the loop is closed.
 *
 * Rejected with a TypeError if `main` is not awaitable, with a RuntimeError if the given loop is running or closed.
 *
 * @example
 * await run(function* () {
 *   yield* sleep(1000);
 *   console.log("a second later");
 * });
 */
export async function run<T>(main: AwaitableLike<T>, options: RunOptions = {}): Promise<T> {
  const loop = loopFor(main, options);
  try {
    return await loop.runUntilComplete(main);
  } finally {
    try {
      // A task may start others while it cleans up.
      for (let left = cancelLeft(loop); left.length > 0; left = cancelLeft(loop)) {
        await loop.runUntilComplete(gather(left, { returnExceptions: true }));
        report(loop, left);
      }
    } finally {
      loop.close();
    }
  }
}

/**
 * Runs `main` to its end on this very stack, blocking the thread: `run` for a clock that does not pass by itself.
 *
 * What comes from outside the loop, as a promise does, cannot come while the thread is blocked.
 *
 * @throws RuntimeError if the clock is real. @throws DeadlockError when nothing is left that could end `main`.
 * @throws TypeError if `main` is not awaitable.
 * @example
 * const clock = new VirtualClock();
 * runSync(() => sleep(86_400_000), { clock }); // a day, at once
 */
export function runSync<T>(main: AwaitableLike<T>, options: RunOptions = {}): T {
  const loop = loopFor(main, options);
  try {
    return loop.runUntilCompleteSync(main);
  } finally {
    try {
      for (let left = cancelLeft(loop); left.length > 0; left = cancelLeft(loop)) {
        loop.runUntilCompleteSync(gather(left, { returnExceptions: true }));
        report(loop, left);
      }
    } finally {
      loop.close();
    }
  }
}

function loopFor(main: unknown, options: RunOptions): EventLoop {
  checkAwaitable("main", main);
  checkOptions(options);
  const { debug = false, clock, loop } = options;
  if (loop === undefined) return new EventLoop(clock === undefined ? { debug } : { debug, clock });
  const given: unknown = typeof loop === "function" ? loop() : loop;
  if (!(given instanceof EventLoop)) {
    throw wrongType("loop", "or make an event loop", given);
  }
  // What follows would end the tasks of somebody else.
  if (given.isClosed()) throw new RuntimeError("The loop is closed");
  if (given.isRunning()) throw new RuntimeError("The loop is running already");
  if (debug) given.setDebug(true);
  return given;
}

/** Cancels every task that is not done. */
function cancelLeft(loop: EventLoop): Task<unknown>[] {
  const left = [...allTasks(loop)];
  for (const task of left) task.cancel();
  return left;
}

/** Reports the errors of tasks that nobody can await any more. */
function report(loop: EventLoop, tasks: readonly Task<unknown>[]): void {
  for (const task of tasks) {
    if (task.cancelled()) continue;
    const exception = task.exception();
    if (exception === undefined) continue;
    loop.callExceptionHandler({
      message: "A task failed while it was cancelled at the end of run()",
      exception,
      task,
    });
  }
}
