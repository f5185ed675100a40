// Coroutine functions for those who write async functions: somebody has to run the loop, and nobody wants to be asked.
//
// Inside a callback or task the running loop is there already. Outside, all calls share the thread's default loop. The
// first one starts it, if nobody else runs it. After the last one it runs until nothing is left on it: what a call has
// left behind, as a task or a server, goes on, and keeps the process alive as it would without us. A timer does, a
// server does by itself, and a task that only waits for somebody does not.

import { type EventLoop, getEventLoop, newEventLoop } from "./eventLoop.ts";
import { checkBoolean, checkFunction, checkOptions } from "./loop/arguments.ts";
import { inFlow, keepAsyncContext } from "./loop/hosts/asyncContext.ts";
import { isolatesRequests } from "./loop/hosts/requests.ts";
import { runningScheduler } from "./loop/scheduler.ts";
import { type Awaitable, callAndAwait, createTaskOn } from "./tasks/awaitable.ts";
import type { Task } from "./tasks/task.ts";
import { abortError, isSignal, withSignal } from "./tasks/withSignal.ts";

export interface ToAsyncOptions {
  /**
   * Whether each call from outside of a loop runs on a loop of its own, which ends once nothing is left on it. By default
   * only on Cloudflare Workers, where a request may not wait for what another request has begun.
   */
  readonly ownLoop?: boolean | undefined;
}

/**
 * Makes an async function of a coroutine function: to adopt one function at a time.
 *
 * A call starts a task, whose first step comes in the next turn of the loop; the promise settles as the task does. The task
 * runs on the running loop, or else on `getEventLoop()`, which all calls share, and which runs for as long as it has
 * something to do. A `run()` that is under way has another loop, whose locks and tasks are not for an async function that
 * calls: `setEventLoop(getRunningLoop())` in its first step makes both one.
 *
 * Concurrent calls do not see each other's context. Where the host has `AsyncLocalStorage` (Node, Bun, Deno, workerd) the
 * task, its children and its callbacks see the stores of the caller. A store that a task sets by `enterWith` reaches no other
 * call; each task has its own with the loop option `asyncContext`. Context variables are copied at the call. One that an
 * async function sets outside of loops is seen by that function and what it calls then, and by no other request; where
 * there is no `AsyncLocalStorage`, as in a browser, by all that is called later, so set it in a coroutine there.
 *
 * One more argument than the function takes may be an `AbortSignal`. An abort cancels the task, and the promise rejects
 * once it has cleaned up, with a CancelledError whose `cause` is the signal's reason. A signal that has aborted before
 * starts nothing. No listener stays on it. What is after as many arguments as `fn.length` counts as one more: a parameter
 * with a default value does not take a signal.
 *
 * On Cloudflare Workers, and with `ownLoop`, each call has a loop of its own instead, so that calls of different requests
 * share no timers. Locks and queues belong to one loop, and so to one call.
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
    // Before the loop may have run and stopped.
    const outcome = task.then();
    drive(loop, task, ownLoop && running === undefined);
    return outcome;
  }
  return Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  }) as (this: This, ...args: [...Args, signal?: AbortSignal]) => Promise<T>;
}

/** Those loops that run because somebody calls. */
const drivers = /* @__PURE__ */ new WeakMap<EventLoop, Driver>();

/** Has `loop` run until `task` is done. Whoever runs it already will do. */
function drive(loop: EventLoop, task: Task<unknown>, closes: boolean): void {
  let driver = drivers.get(loop);
  if (driver === undefined) {
    if (loop.isRunning() || loop._isDriven) return;
    driver = new Driver(loop, closes);
    drivers.set(loop, driver);
    void driver.run();
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

  async run(): Promise<void> {
    const loop = this.#loop;
    try {
      do {
        await loop.runForever();
        // Somebody may have called since it was stopped. Or somebody else has stopped it, and runs it now.
      } while (this.#calls > 0 && !loop.isClosed() && !loop.isRunning());
    } catch (exception) {
      loop.callExceptionHandler({ message: "The loop cannot go on", exception });
    } finally {
      this.#stay();
      drivers.delete(loop);
      if (this.#closes) loop.close();
    }
  }

  expect(task: Task<unknown>): void {
    if (this.#calls++ === 0) this.#stay();
    task.addDoneCallback(this.#onDone);
  }

  readonly #onDone = (): void => {
    if (--this.#calls === 0) this.#loop._onSleep = this.#rest;
  };

  /** Nobody calls: the loop runs for what was left behind. */
  readonly #rest = (): void => {
    const loop = this.#loop;
    const { _core, _slots, _external, _resources } = loop;
    if (_core.timers() > 0) loop.ref();
    else if (_slots.size > 0 || _external > 0 || _resources.size > 0) loop.unref();
    else loop.stop();
  };

  #stay(): void {
    this.#loop._onSleep = undefined;
    this.#loop.ref();
  }
}
