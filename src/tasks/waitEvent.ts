import { checkOptions, wrongType } from "../lang/arguments.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { currentTask } from "./currentTask.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import { Future, RESULT } from "./kernel/future.ts";
import { procedure } from "./lazyCall.ts";
import { onAbort } from "./onAbort.ts";
import { cancelledElsewhere } from "./relay.ts";
import { abortError, checkSignal } from "./withSignal.ts";

/** A Node `EventEmitter`, or an object that behaves like one. */
export interface Emitter {
  on(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
  removeListener(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
}

/**
 * Waits for one event, like `once` from Node's `events`. Returns the event of an `EventTarget`, or
 * the array of arguments of an `EventEmitter`.
 *
 * Listens while it is awaited, and always removes its listeners at the end. If an emitter emits
 * `error`, throws that error, unless `type` is `error`. If the error is a CancelledError, something
 * else was cancelled, and the error becomes the `cause` of a RuntimeError, as with `fromPromise`.
 * A virtual clock doesn't stand still for long, because the program itself may emit the event. It
 * jumps to the next deadline if no event arrives within a few macrotasks.
 *
 * @param options.signal ends the wait with a CancelledError, whose `cause` is the signal's reason.
 * @throws TypeError if `target` can't emit events, or another argument is invalid.
 * @example
 * const click = yield* waitEvent(button, "click");
 * const [code] = yield* waitEvent(child, "exit");
 */
export function waitEvent<E extends Event = Event>(
  target: EventTarget,
  type: string,
  options?: { readonly signal?: AbortSignal | undefined },
): Coroutine<E>;
export function waitEvent(
  target: Emitter,
  type: string | symbol,
  options?: { readonly signal?: AbortSignal | undefined },
): Coroutine<unknown[]>;
export function waitEvent(
  target: EventTarget | Emitter,
  type: string | symbol,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Coroutine<unknown> {
  checkOptions(options);
  const { signal } = options;
  if (signal !== undefined) checkSignal(signal);
  checkListening(target, type);
  return procedure(once(signal, target, type));
}

/** @throws TypeError unless `target` can emit events, and `type` can be the name of one */
export function checkListening(target: unknown, type: unknown): void {
  if (typeof type !== "string" && typeof type !== "symbol") {
    throw wrongType("type", "the name of an event", type);
  }
  if (isEventTarget(target)) {
    if (typeof type === "symbol") throw wrongType("type", "a string for an EventTarget", type);
    return;
  }
  if (isEmitter(target)) return;
  throw wrongType("target", "an EventTarget or an EventEmitter", target);
}

function* once(
  signal: AbortSignal | undefined,
  target: EventTarget | Emitter,
  type: string | symbol,
): Coroutine<unknown> {
  if (signal?.aborted) throw abortError(signal);
  const future = new EventFuture(currentScheduler("waitEvent()"), type);
  const abort = (): void => {
    if (!future.done()) future._abandon(abortError(signal as AbortSignal));
  };
  let unlisten: (() => void) | undefined;
  let removeAbort: (() => void) | undefined;
  try {
    unlisten = listenTo(
      target,
      type,
      (event) => future._trySucceed(event),
      (error) => future._tryFail(error),
    );
    removeAbort = signal && onAbort(signal, abort);
    return yield* future;
  } catch (error) {
    // If the future is cancelled, the task was cancelled or `signal` aborted. Then the error is
    // thrown as it is.
    throw future._hasFailed() && !future.cancelled()
      ? cancelledElsewhere(error, "emitter", currentTask())
      : error;
  } finally {
    future.cancel();
    unlisten?.();
    removeAbort?.();
  }
}

/** The future of an event. */
class EventFuture extends Future<unknown> {
  readonly #type: string | symbol;

  constructor(loop: Scheduler, type: string | symbol) {
    super(undefined, loop);
    this.#type = type;
    loop._events++;
  }

  override _succeed(value: unknown[]): void {
    this._finish(RESULT, value);
  }

  override _finish(state: number, outcome: unknown): void {
    this._loop._events--;
    super._finish(state, outcome);
  }

  override _describe(): string {
    return `an event "${String(this.#type)}"`;
  }
}

/**
 * Calls `take` with each event of an `EventTarget`, or with the array of arguments of an
 * `EventEmitter`. Calls `fail` with an emitter's `error`, unless `type` is `error`. Returns a
 * function that removes the listeners.
 */
export function listenTo(
  target: EventTarget | Emitter,
  type: string | symbol,
  take: (event: unknown) => void,
  fail: (error: unknown) => void,
): () => void {
  if (isEventTarget(target)) {
    const listener = (event: unknown): void => take(event);
    target.addEventListener(type as string, listener);
    return () => target.removeEventListener(type as string, listener);
  }
  const listener = (...args: unknown[]): void => take(args);
  target.on(type, listener);
  if (type !== "error") target.on("error", fail);
  return () => {
    target.removeListener(type, listener);
    if (type !== "error") target.removeListener("error", fail);
  };
}

function isEventTarget(value: unknown): value is EventTarget {
  const { addEventListener, removeEventListener } = Object(value) as Partial<EventTarget>;
  return typeof addEventListener === "function" && typeof removeEventListener === "function";
}

function isEmitter(value: unknown): value is Emitter {
  const { on, removeListener } = Object(value) as Partial<Emitter>;
  return typeof on === "function" && typeof removeListener === "function";
}
