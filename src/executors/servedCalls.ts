// The calls that this thread runs for callers elsewhere: other threads, or clients of a fleet.
//
// A call has a key that its caller knows too, so tools can connect both ends. The calls are under a
// global symbol, because tools may come from another copy of this package, and because a thread
// that runs an ordinary function has no loop in which they could be found.

const KEY = Symbol.for("mysyncio.calls");

/** A call that has begun and has not ended. */
export interface ServedCall {
  /** The caller's key for it. The same call has the same key again if it begins again. */
  key: string;
  /** The name of its function. */
  name: string;
  /** When it began, in milliseconds of the monotonic clock. */
  readonly since: number;
  /** The task that runs it, once that is known. */
  task: object | undefined;
  /** What the task runs for it, if its function returned a coroutine. */
  coro: object | undefined;
  /** How many generators of this package are around that: at least the task's own. */
  wrappers: number;
  /** The loop, if it shares one with other calls. */
  readonly loop: object | undefined;
}

/** Is told when calls begin and end. */
export type ServedListener = (call: ServedCall, what: "begins" | "ends") => void;

interface CallDoor {
  readonly calls: Set<ServedCall>;
  readonly listeners: Set<ServedListener>;
}

let ownDoor: CallDoor | undefined;

/** The door of this thread, which all copies of the package share. */
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
  tell(call, "begins");
  return call;
}

export function endServing(call: ServedCall): void {
  callDoor().calls.delete(call);
  tell(call, "ends");
}

/** The call of a thread that runs one at a time. */
export function onlyServed(): ServedCall | undefined {
  return [...callDoor().calls].at(-1);
}

/**
 * Renames the call that this thread runs to its key and name in the fleet. In the threads of a fleet
 * worker, each call of the fleet is wrapped in a call to the thread.
 */
export function renameServed(key: string, name: string): void {
  const call = onlyServed();
  if (call === undefined) return;
  call.key = key;
  call.name = name;
  tell(call, "begins");
}

/**
 * Notes the coroutine of the call of this thread, unless one is known that is further inside.
 *
 * @param wrappers how many generators of this package will be around it, besides those of `runServed`
 */
export function noteCoroutine(coro: object, wrappers = 0): void {
  const call = onlyServed();
  if (call === undefined || call.coro !== undefined) return;
  call.coro = coro;
  // Those of `runServed` are its main one and that of `withSignal`.
  call.wrappers = 2 + wrappers;
}

function tell(call: ServedCall, what: "begins" | "ends"): void {
  const { listeners } = callDoor();
  if (listeners.size === 0) return;
  for (const listener of listeners) listener(call, what);
}
