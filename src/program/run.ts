// Runs a whole program on its own loop, from the first task to the last.

import { checkOptions } from "../lang/arguments.ts";
import { type AwaitableLike, checkAwaitable } from "../tasks/awaitable.ts";
import { drain, newLoopFor, Runner, type RunOptions } from "./runner.ts";

/**
 * Runs `main` on a new loop, or on the one in `options`. The promise settles with the outcome of
 * `main`. Like `asyncio.run`.
 *
 * Tasks that are left when `main` ends are cancelled and awaited, and their errors are reported to
 * the loop's exception handler. Then the loop is closed.
 *
 * The tasks see the caller's `AsyncLocalStorage` stores, where the host has them, and a copy of the
 * caller's context variables. With the loop option `asyncContext`, a store that is set inside a
 * task follows only that task.
 *
 * In Node, Bun and Deno, the first SIGINT (Ctrl-C) cancels `main`, which can clean up, and the
 * second one ends the process. `signals` replaces SIGINT by a list, such as SIGINT and SIGTERM. By
 * default, `run` doesn't interfere with a program that listens to SIGINT itself. If a signal
 * cancelled `main`, the promise rejects with a CancelledError. (asyncio raises KeyboardInterrupt.)
 * If the program doesn't catch that error, the process ends once every interrupted run has cleaned
 * up: without a stack trace, and with the exit code that a shell expects, 130 after SIGINT and 143
 * after SIGTERM.
 *
 * Rejects with a TypeError if `main` is not awaitable, and with a RuntimeError if the given loop is
 * running or closed. On a `VirtualClock`, rejects with a DeadlockError if `main` waits for
 * something that can never happen. The error says which task waits for what.
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
 * Runs `main` to completion on the current stack, like `run`, but blocks the thread. On real time,
 * this works in Node and in workers; on a clock that doesn't advance by itself, everywhere.
 *
 * Meanwhile, nothing else happens on the thread: no promise settles, and no socket is served. A
 * program that waits for such an event ends with a DeadlockError. In Node, messages from other
 * threads can arrive: see `EventLoop.runForeverSync`.
 *
 * @throws RuntimeError on real time, if the thread can't be blocked, as on a page, or if
 * another loop's callback is on the stack. @throws DeadlockError if `main` waits for something that
 * can't happen. @throws TypeError if `main` is not awaitable.
 * @example
 * runSync(() => sleep(1_000)); // a second later
 *
 * const clock = new VirtualClock();
 * runSync(() => sleep(86_400_000), { clock }); // a day, instantly
 */
export function runSync<T>(main: AwaitableLike<T>, options: RunOptions = {}): T {
  checkAwaitable("main", main);
  checkOptions(options);
  const loop = newLoopFor(options);
  try {
    return loop.runUntilCompleteSync(main);
  } finally {
    try {
      for (const left of drain(loop)) loop.runUntilCompleteSync(left);
    } finally {
      loop.close();
    }
  }
}
