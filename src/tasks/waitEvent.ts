import { checkOptions, describe } from "../loop/arguments.ts";
import type { Coroutine } from "./coroutine.ts";
import { currentScheduler, Future } from "./future.ts";
import { onAbort } from "./onAbort.ts";
import { abortError, checkSignal } from "./withSignal.ts";

/** An `EventEmitter` of Node, or what behaves like one. */
export interface Emitter {
  on(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
  removeListener(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
}

/**
 * Waits for one event: gives the event of an `EventTarget`, or the list of arguments of an `EventEmitter`.
 *
 * It listens from when it is awaited until it ends, however it ends: no listener stays. An emitter's `error` is thrown,
 * unless that is what is waited for. Like `once` of Node's `events`.
 *
 * @param options.signal ends the wait with a CancelledError, whose `cause` is the signal's reason.
 * @throws TypeError if `target` emits no events, or an argument is not what it must be.
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
  if (typeof type !== "string" && typeof type !== "symbol") {
    throw new TypeError(`Expected \`type\` to be the name of an event, got ${describe(type)}`);
  }
  if (isEventTarget(target)) return once(signal, (future) => listen(target, type, future));
  if (isEmitter(target)) return once(signal, (future) => listenToEmitter(target, type, future));
  throw new TypeError(
    `Expected \`target\` to be an EventTarget or an EventEmitter, got ${describe(target)}`,
  );
}

function* once(
  signal: AbortSignal | undefined,
  listenFor: (future: Future<unknown>) => () => void,
): Coroutine<unknown> {
  if (signal?.aborted) throw abortError(signal);
  const loop = currentScheduler("waitEvent()");
  const future = new Future<unknown>(undefined, loop);
  const abort = (): void => {
    if (!future.done()) future._abandon(abortError(signal as AbortSignal));
  };
  const unlisten = listenFor(future);
  const forget = signal && onAbort(signal, abort);
  loop._external++;
  try {
    return yield* future;
  } finally {
    loop._external--;
    unlisten();
    forget?.();
  }
}

function listen(target: EventTarget, type: string | symbol, future: Future<unknown>): () => void {
  const listener = (event: Event): void => succeed(future, event);
  target.addEventListener(type as string, listener);
  return () => target.removeEventListener(type as string, listener);
}

function listenToEmitter(
  target: Emitter,
  type: string | symbol,
  future: Future<unknown>,
): () => void {
  const listener = (...args: unknown[]): void => succeed(future, args);
  const fail = (error: unknown): void => {
    if (!future.done()) future._fail(error);
  };
  target.on(type, listener);
  if (type !== "error") target.on("error", fail);
  return () => {
    target.removeListener(type, listener);
    if (type !== "error") target.removeListener("error", fail);
  };
}

function succeed(future: Future<unknown>, value: unknown): void {
  if (!future.done()) future._succeed(value);
}

function isEventTarget(value: unknown): value is EventTarget {
  const { addEventListener, removeEventListener } = Object(value) as Partial<EventTarget>;
  return typeof addEventListener === "function" && typeof removeEventListener === "function";
}

function isEmitter(value: unknown): value is Emitter {
  const { on, removeListener } = Object(value) as Partial<Emitter>;
  return typeof on === "function" && typeof removeListener === "function";
}
