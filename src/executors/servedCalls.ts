// The calls that this thread runs for callers elsewhere: other threads, or clients of a fleet.
//
// A call has a key that its caller knows too, so tools can connect both ends. The calls are stored
// under a global symbol, because tools may come from another copy of this package, and because a
// thread that runs an ordinary function has no loop in which they could be found.

const KEY = Symbol.for("mysyncio.calls");

/** A call that has begun and has not ended. */
export interface ServedCall {
  /**
   * The key that the caller uses for this call. If the call is run again, the key stays the same.
   */
  key: string;
  /** The name of its function. */
  name: string;
  /** When it began, in milliseconds of the monotonic clock. */
  readonly since: number;
  /** The task that runs it, once that is known. */
  task: object | undefined;
  /** The coroutine that its function returned, if it returned one. */
  coro: object | undefined;
  /** How many generators of this package are around `coro`: at least the task's own. */
  wrappers: number;
  /** The loop on which it runs, among other calls; undefined if it has its thread to itself. */
  readonly loop: object | undefined;
}

/** Called when a call begins or ends. */
export type ServedListener = (call: ServedCall, what: "begins" | "ends") => void;

interface CallDoor {
  readonly calls: Set<ServedCall>;
  readonly listeners: Set<ServedListener>;
}

let ownDoor: CallDoor | undefined;

/** Returns what is stored under the global symbol. All copies of the package share it. */
export function callDoor(): CallDoor {
  ownDoor ??= (Reflect.get(globalThis, KEY) as CallDoor | undefined) ?? {
    calls: new Set(),
    listeners: new Set(),
  };
  // Not an assignment, because that would throw if the program has frozen its globals.
  Reflect.set(globalThis, KEY, ownDoor);
  return ownDoor;
}

/** Notes that a call begins. `endServing` must follow. */
export function beginServing(
  key: string,
  name: string,
  since: number,
  loop?: object,
  task?: object,
): ServedCall {
  const call: ServedCall = { key, name, since, task, coro: undefined, wrappers: 1, loop };
  callDoor().calls.add(call);
  notifyListeners(call, "begins");
  return call;
}

export function endServing(call: ServedCall): void {
  callDoor().calls.delete(call);
  notifyListeners(call, "ends");
}

/**
 * Returns the call that this thread runs; undefined if it runs none. Only for threads that run one
 * call at a time.
 */
export function onlyServed(): ServedCall | undefined {
  return [...callDoor().calls].at(-1);
}

/**
 * Replaces the key and the name of this thread's call with those that the call has in the fleet. In
 * the threads of a fleet worker, each call of the fleet is wrapped in a call to the thread.
 */
export function renameServed(key: string, name: string): void {
  const call = onlyServed();
  if (call === undefined) return;
  call.key = key;
  call.name = name;
  notifyListeners(call, "begins");
}

/**
 * Notes the coroutine of this thread's call, unless a coroutine further inside is already known.
 *
 * @param wrappers how many generators of this package will be around the coroutine, besides those
 * of `runServed`
 */
export function noteCoroutine(coro: object, wrappers = 0): void {
  const call = onlyServed();
  if (call === undefined || call.coro !== undefined) return;
  call.coro = coro;
  // `runServed` adds two: its own, and that of `withSignal`.
  call.wrappers = 2 + wrappers;
}

function notifyListeners(call: ServedCall, what: "begins" | "ends"): void {
  const { listeners } = callDoor();
  if (listeners.size === 0) return;
  for (const listener of listeners) listener(call, what);
}
