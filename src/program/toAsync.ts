// Converts coroutine functions to async functions, which need no call of `run`.
//
// Inside a callback or task, calls use the running loop. Outside, they share the thread's default
// loop. The first call starts it, unless it is already running. After the last call, the loop runs
// until nothing is left on it, so that tasks and servers that a call leaves behind continue.
// Pending timers keep the process alive. Servers don't, nor does a task that only waits for a
// future.

import { checkBoolean, checkFunction, checkOptions } from "../lang/arguments.ts";
import { runningScheduler } from "../loop/current.ts";
import { inOutermostContext, keepAsyncContext } from "../loop/hosts/asyncContext.ts";
import { inFlow } from "../loop/hosts/flow.ts";
import { isolatesRequests } from "../loop/hosts/requests.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import { callAndAwait } from "../tasks/ensureFuture.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { abortError, isSignal, withSignal } from "../tasks/withSignal.ts";
import { type EventLoop, getEventLoop, newEventLoop } from "./eventLoop.ts";

export interface ToAsyncOptions {
  /**
   * Whether each call from outside a loop runs on its own loop, which ends once nothing is left
   * on it. By default only on Cloudflare Workers, where a request must not await I/O that another
   * request started.
   */
  readonly ownLoop?: boolean | undefined;
}

/**
 * Converts a coroutine function to an async function, so that a program can adopt coroutines one
 * function at a time.
 *
 * A call starts a task, whose first step runs in the next turn of the loop. The promise settles
 * with the task's outcome. The task runs on the running loop, or if there is none, on the loop of
 * `getEventLoop()`, which all calls share, and which runs as long as it has work. A concurrent
 * `run()` has another loop, so an async function outside it can't share locks and tasks with that
 * loop. To use one loop for both, call `setEventLoop(getRunningLoop())` at the start of the
 * program.
 *
 * Each call keeps its caller's context. Where the host has `AsyncLocalStorage` (Node, Bun, Deno,
 * workerd), the task, its children and their callbacks see the caller's stores. The same holds for
 * anything that a caller outside the loop schedules on it, for example with `loop.createTask` or
 * `loop.callSoon`. A store that a task sets with `enterWith` may be lost at its next step. With the
 * loop option `asyncContext`, each task keeps the stores with which it was created.
 *
 * Context variables are copied at the call. A variable that an async function sets outside loops
 * after its first `await` is visible to that function and to the calls it makes afterwards, but to
 * no other request. Before its first `await`, an async function runs in the context of its caller,
 * so its caller sees what it sets there, and so does whatever the caller starts next.
 * `AsyncLocalStorage.enterWith` behaves the same. To give a request its own values, call
 * `copyContext().run(async () => { ... })`, and set them inside. Without `AsyncLocalStorage`, as in
 * browsers, a variable that is set outside loops is visible to all later calls, so set it in a
 * coroutine there.
 *
 * A call may pass an `AbortSignal` as an additional last argument. An abort cancels the task, and
 * the promise rejects once the task has cleaned up, with a CancelledError whose `cause` is the
 * signal's reason. If the signal has already aborted, nothing starts. A CancelledError without that
 * `cause` means that something else cancelled the task. No listener stays on the signal. The signal
 * counts as additional if it comes after `fn.length` arguments. That number leaves out parameters
 * with default values, so none of these receives a signal that is passed last.
 *
 * On Cloudflare Workers, and with `ownLoop`, each call from outside a loop has its own loop, so
 * that calls of different requests share no timers. Locks and queues belong to one loop, and
 * therefore to one call.
 *
 * @throws TypeError if `fn` is not a function, or `ownLoop` not a boolean.
 * @example
 * const load = toAsync(function* (url: string): Coroutine<string> {
 *   return yield* timeout(1_000, () => fetchText(url));
 * });
 * const text = await load("https://example.org/", controller.signal);
 */
export function toAsync<This, Args extends unknown[], T>(
  fn: (this: This, ...args: Args) => Awaitable<T>,
  options: ToAsyncOptions = {},
): (this: This, ...args: [...Args, signal?: AbortSignal]) => Promise<T> {
  checkFunction("fn", fn);
  checkOptions(options);
  const { ownLoop = isolatesRequests() } = options;
  checkBoolean("ownLoop", ownLoop);
  function wrapper(this: This, ...args: unknown[]): Promise<T> {
    try {
      return begin(this, args);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  function begin(self: This, args: unknown[]): Promise<T> {
    const last = args.at(-1);
    const signal = args.length > fn.length && isSignal(last) ? last : undefined;
    if (signal !== undefined) args.pop();
    if (signal?.aborted) throw abortError(signal);
    const call = () => fn.apply(self, args as Args);
    const running = runningScheduler() as EventLoop | undefined;
    const loop = running ?? (ownLoop ? newEventLoop() : getEventLoop());
    const body = signal === undefined ? callAndAwait(call) : withSignal(signal, call);
    const settings = { name: fn.name || "toAsync" };
    const task = inFlow(keepAsyncContext(), () => createTaskOn(loop, body, settings));
    // This promise is created first, because the loop may run and stop in `drive`.
    const outcome = task.then();
    drive(loop, task, ownLoop && running === undefined);
    return outcome;
  }
  return Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  }) as (this: This, ...args: [...Args, signal?: AbortSignal]) => Promise<T>;
}

/** The drivers of the loops that run only for calls of converted functions. */
const drivers = /* @__PURE__ */ new WeakMap<EventLoop, Driver>();

/** Makes `loop` run until `task` is done, unless the loop is already running. */
function drive(loop: EventLoop, task: Task<unknown>, closes: boolean): void {
  let driver = drivers.get(loop);
  if (driver === undefined) {
    if (loop.isRunning() || loop._isDriven) return;
    driver = new Driver(loop, closes);
    drivers.set(loop, driver);
    // The run may outlive the call, and must not keep the caller's stores alive.
    inOutermostContext(driver.run);
  }
  driver.expect(task);
}

class Driver {
  readonly #loop: EventLoop;
  readonly #closes: boolean;
  #calls = 0;

  constructor(loop: EventLoop, closes: boolean) {
    this.#loop = loop;
    this.#closes = closes;
  }

  readonly run = async (): Promise<void> => {
    const loop = this.#loop;
    try {
      do {
        await loop.runForever();
        // A call may have arrived since the loop was stopped. Or other code stopped the loop, and
        // now runs it.
      } while (this.#calls > 0 && !loop.isClosed() && !loop.isRunning());
    } catch (exception) {
      loop.callExceptionHandler({ message: "The loop cannot continue", exception });
    } finally {
      this.#stay();
      drivers.delete(loop);
      if (this.#closes) loop.close();
    }
  };

  expect(task: Task<unknown>): void {
    if (this.#calls++ === 0) this.#stay();
    task.addDoneCallback(this.#onDone);
  }

  readonly #onDone = (): void => {
    if (--this.#calls === 0) this.#loop._pump.onSleep = this.#rest;
  };

  /**
   * Called before the loop falls asleep while no call is pending. Decides by what the calls left
   * behind whether the loop keeps running, and whether the loop keeps the process alive.
   */
  readonly #rest = (): void => {
    const loop = this.#loop;
    const { _core, _slots, _external, _resources } = loop;
    if (_core.timers() > 0) loop.ref();
    else if (_slots.size > 0 || _external > 0 || _resources.size > 0) loop.unref();
    else loop.stop();
  };

  #stay(): void {
    this.#loop._pump.onSleep = undefined;
    this.#loop.ref();
  }
}
