// Running a whole program: a loop of its own, from the first task to the last.

import { checkOptions } from "./loop/arguments.ts";
import { cancelLeft, loopFor, Runner, type RunOptions, reportErrors } from "./runner.ts";
import { type AwaitableLike, checkAwaitable } from "./tasks/awaitable.ts";
import { gather } from "./tasks/gather.ts";

/**
 * Runs `main` on a new loop; the promise settles as `main` did. Like `asyncio.run`.
 *
 * Whatever tasks `main` leaves behind are cancelled at its end, and waited for; an error that one of them ends with is
 * reported to the loop's exception handler. Then the loop is closed.
 *
 * The tasks see the `AsyncLocalStorage` stores of the caller, where the host has such a thing, and a copy of its context
 * variables. A store that is set inside of a task follows only that task with the loop option `asyncContext`.
 *
 * In Node, Bun and Deno the first SIGINT (Ctrl-C) cancels `main`, which can clean up, and the second ends the process.
 * `signals` names other signals, such as SIGTERM; without it, a program that listens to SIGINT itself is left alone. The
 * promise rejects with a CancelledError. (Unlike asyncio, which raises KeyboardInterrupt.) If nobody catches it, the
 * process ends without a stack trace, with the exit code that a shell expects: 130 after SIGINT, 143 after SIGTERM. It
 * ends when every interrupted run has cleaned up.
 *
 * Rejected with a TypeError if `main` is not awaitable, with a RuntimeError if the given loop is running or closed. On a
 * `VirtualClock`, with a DeadlockError if `main` waits for what can never happen: it tells who waits for whom.
 *
 * @example
 * await run(function* () {
 *   yield* sleep(1000);
 *   console.log("a second later");
 * });
 */
export async function run<T>(main: AwaitableLike<T>, options?: RunOptions): Promise<T> {
  checkAwaitable("main", main);
  const runner = new Runner(options);
  runner.getLoop();
  try {
    return await runner.run(main);
  } finally {
    await runner.close();
  }
}

/**
 * Runs `main` to its end on this very stack: `run`, blocking the thread. On real time in Node and in workers, on a clock
 * that does not pass by itself anywhere.
 *
 * Nothing else happens on the thread meanwhile. What comes from outside the loop, as a promise does, cannot come: who
 * waits for that ends the run with a DeadlockError, see `EventLoop.runForeverSync`.
 *
 * @throws RuntimeError if the clock is real, and the thread cannot be blocked, as a page's cannot, or another loop's
 * callback is on the stack. @throws DeadlockError when `main` waits for what cannot happen.
 * @throws TypeError if `main` is not awaitable.
 * @example
 * runSync(() => sleep(1_000)); // a second later
 *
 * const clock = new VirtualClock();
 * runSync(() => sleep(86_400_000), { clock }); // a day, at once
 */
export function runSync<T>(main: AwaitableLike<T>, options: RunOptions = {}): T {
  checkAwaitable("main", main);
  checkOptions(options);
  const loop = loopFor(options);
  try {
    return loop.runUntilCompleteSync(main);
  } finally {
    try {
      for (let left = cancelLeft(loop); left.length > 0; left = cancelLeft(loop)) {
        loop.runUntilCompleteSync(gather(left, { returnExceptions: true }));
        reportErrors(loop, left);
      }
    } finally {
      loop.close();
    }
  }
}
