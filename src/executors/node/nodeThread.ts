// The module that Piscina's threads load: calls the functions that it is told to.

import { createRequire } from "node:module";
import { threadId, workerData } from "node:worker_threads";
import { CancelledError } from "../../loop/errors.ts";
import { newName, openChannel } from "../../remote/line.ts";
import { packError } from "../../remote/remoteError.ts";
import { listOf } from "../../remote/transfer.ts";
import { isThenable } from "../../tasks/awaitable.ts";
import type { Place } from "../task.ts";
import { knownFunction, loadFunction, Work } from "../work.ts";
import {
  type Answer,
  CANCELLED,
  type Primitive,
  type Request,
  ROW,
  THREAD,
  type ThreadData,
  UNCLONEABLE,
} from "./messages.ts";
import { PlaceTable } from "./placeTable.ts";

const {
  mysyncioRows: rows,
  mysyncioPlaces: memory,
  mysyncioChannel: name,
} = (workerData ?? {}) as Partial<ThreadData>;
const places = new PlaceTable(memory);

let working: Work | undefined;
let workingAt = 0;
let _channel: BroadcastChannel | undefined;

/** Listens from now on: a call waits for something, and does not look by itself. */
function listen(): void {
  _channel ??= openChannel(name ?? newName(), () => working?.look());
}

// It is Piscina that sends the answer, and the thread dies of one that cannot be cloned. Of its error nothing arrives.
process.on("uncaughtExceptionMonitor", (error) => {
  if (error?.name === "DataCloneError" && rows) Atomics.store(rows, workingAt + UNCLONEABLE, 1);
});

/** Makes a call, and answers. Called by Piscina. */
export function perform([row, where, ...args]: Request): Answer | Promise<Answer> {
  const shared = rows as Int32Array<SharedArrayBuffer>;
  const at = row * ROW;
  Atomics.store(shared, at + THREAD, threadId);
  const work = new Work(() => Atomics.load(shared, at + CANCELLED) === 1, listen);
  working = work;
  workingAt = at;
  if (Atomics.load(shared, at + CANCELLED) === 1) return { error: packError(new CancelledError()) };
  const place = typeof where === "number" ? places.at(where) : where;
  const fn = knownFunction(place);
  if (fn === undefined) return load(work, place, args);
  try {
    const made = work.perform(fn, args);
    return isThenable(made) ? settled(made) : answer(made);
  } catch (error) {
    return { error: packError(error) };
  }
}

async function load(work: Work, place: Place, args: readonly unknown[]): Promise<Answer> {
  try {
    const fn = await loadFunction(place);
    // Nobody waits for it any more, and it need not begin.
    work.signal.throwIfAborted();
    return answer(await work.perform(fn, args));
  } catch (error) {
    return { error: packError(error) };
  }
}

async function settled(made: PromiseLike<unknown>): Promise<Answer> {
  try {
    return answer(await made);
  } catch (error) {
    return { error: packError(error) };
  }
}

function answer(value: unknown): Answer {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value as Primitive;
  }
  const list = listOf([value]);
  if (list.length === 0) return { value };
  // Piscina moves what it is told to by symbols of its own.
  const { move, transferableSymbol, valueSymbol } = createRequire(import.meta.url)("piscina");
  return move({ [transferableSymbol]: list, [valueSymbol]: { value } }) as Answer;
}
