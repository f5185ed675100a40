// The module that Piscina's threads load. Runs the calls it receives.

import { createRequire } from "node:module";
import { threadId, workerData } from "node:worker_threads";
import { CancelledError } from "../../lang/errors.ts";
import { monotonicClock } from "../../loop/clock.ts";
import { packError } from "../../remote/remoteError.ts";
import { newName, openChannel } from "../../remote/threadLink.ts";
import { transferables } from "../../remote/transfer.ts";
import { isThenable } from "../../tasks/awaitable.ts";
import { beginServing, endServing } from "../servedCalls.ts";
import type { TaskLocation } from "../task.ts";
import { knownFunction, loadFunction, Work } from "../work.ts";
import { LocationTable } from "./locationTable.ts";
import {
  CANCELLED,
  keyOfCall,
  NUMBER,
  type Primitive,
  type Request,
  ROW,
  THREAD,
  type ThreadData,
  type ThreadReply,
  UNCLONEABLE,
} from "./messages.ts";

const {
  mysyncioRows: rows,
  mysyncioLocations: memory,
  mysyncioChannel: name = newName(),
} = (workerData ?? {}) as Partial<ThreadData>;
const knownLocations = new LocationTable(memory);

let working: Work | undefined;
let workingAt = 0;
let _channel: BroadcastChannel | undefined;

/**
 * Starts listening for cancellations, because a call that waits doesn't check its row of the shared
 * memory.
 */
function listen(): void {
  _channel ??= openChannel(name, () => working?.check());
}

// Piscina sends the reply. If the reply can't be cloned, the thread ends without reporting why, so
// the reason is noted in the call's row.
process.on("uncaughtExceptionMonitor", (error) => {
  if (error?.name === "DataCloneError" && rows) Atomics.store(rows, workingAt + UNCLONEABLE, 1);
});

/** Runs a call and returns the reply. Called by Piscina. */
export function perform(request: Request): ThreadReply | Promise<ThreadReply> {
  const [row, where] = request;
  const shared = rows as Int32Array<SharedArrayBuffer>;
  const at = row * ROW;
  const key = keyOfCall(name, Atomics.load(shared, at + NUMBER));
  const location = typeof where === "number" ? knownLocations.at(where) : where;
  Atomics.store(shared, at + THREAD, threadId);
  const served = beginServing(key, location.name, monotonicClock.now());
  const reply = replyTo(request, location);
  if (!isThenable(reply)) {
    endServing(served);
    return reply;
  }
  return reply.finally(() => endServing(served));
}

function replyTo(
  [row, , ...args]: Request,
  location: TaskLocation,
): ThreadReply | Promise<ThreadReply> {
  const shared = rows as Int32Array<SharedArrayBuffer>;
  const at = row * ROW;
  const work = new Work(() => Atomics.load(shared, at + CANCELLED) === 1, listen);
  working = work;
  workingAt = at;
  if (Atomics.load(shared, at + CANCELLED) === 1) return { error: packError(new CancelledError()) };
  const fn = knownFunction(location);
  if (fn === undefined) return load(work, location, args);
  try {
    const made = work.perform(fn, args);
    return isThenable(made) ? settled(made) : replyWith(made);
  } catch (error) {
    return { error: packError(error) };
  }
}

async function load(
  work: Work,
  location: TaskLocation,
  args: readonly unknown[],
): Promise<ThreadReply> {
  try {
    const fn = await loadFunction(location);
    // The call may have been cancelled while the module was loading.
    work.signal.throwIfAborted();
    return replyWith(await work.perform(fn, args));
  } catch (error) {
    return { error: packError(error) };
  }
}

async function settled(made: PromiseLike<unknown>): Promise<ThreadReply> {
  try {
    return replyWith(await made);
  } catch (error) {
    return { error: packError(error) };
  }
}

function replyWith(value: unknown): ThreadReply {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value as Primitive;
  }
  const list = transferables([value]);
  if (list.length === 0) return { value };
  // Piscina looks up the buffers to transfer under its own symbols.
  const { move, transferableSymbol, valueSymbol } = createRequire(import.meta.url)("piscina");
  return move({ [transferableSymbol]: list, [valueSymbol]: { value } }) as ThreadReply;
}
