// Threads for Node: Piscina keeps them, starts them and sends them what there is to do.
//
// The line of those who wait is ours, and so are cancels: Piscina would terminate a thread at once. It gets no more calls
// than there are threads.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
// Jest's jsdom has no global of that name.
import { BroadcastChannel, type Worker } from "node:worker_threads";
import { RuntimeError } from "../../loop/errors.ts";
import { newName } from "../../remote/line.ts";
import { RemoteLostError, unpackError } from "../../remote/remoteError.ts";
import { listOf } from "../../remote/transfer.ts";
import { type Call, CallExecutor, type ThreadExecutorOptions, type Threads } from "../calls.ts";
import type { Place } from "../task.ts";
import {
  type Answer,
  CANCELLED,
  type Request,
  ROW,
  THREAD,
  type ThreadData,
  UNCLONEABLE,
} from "./messages.ts";
import { PlaceTable } from "./placeTable.ts";

/** The part of Piscina that is used here. */
interface Piscina {
  run(task: Request, options?: { transferList: readonly ArrayBuffer[] }): Promise<Answer>;
  destroy(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly threads: Worker[];
  readonly idleThreads: number;
}
interface PiscinaModule {
  readonly Piscina: new (options: object) => Piscina;
}

/** How many rows there are for calls that Piscina may still begin, although the thread that it began for could not start. */
const SPARE_ROWS = 64;

/** What the threads load. */
const THREAD_MODULE = "./nodeThread.js";

/** Where that is. Tests run the sources, where it is not beside this module. @internal */
export const threadModule = { url: undefined as string | undefined };

/**
 * Runs functions in threads of its own. Needs the package `piscina`.
 *
 * A thread is started when a call finds none free, up to `maxThreads`, and stays. Threads without a call keep no process
 * alive. `shutdown()` ends them; a loop does that for its default executor.
 *
 * @example
 * await using executor = new ThreadExecutor({ maxThreads: 2 });
 * const sums = await Promise.all([executor.submit(fib, [30]), executor.submit(fib, [31])]);
 */
export class ThreadExecutor extends CallExecutor {
  protected readonly threads: Threads;

  /**
   * @throws TypeError, RangeError if an option is not what it must be. @throws RuntimeError if `piscina` is not installed.
   */
  constructor(options: ThreadExecutorOptions = {}) {
    super(options, availableParallelism());
    const onEnd = (call: Call, isError: boolean, outcome: unknown) =>
      this.onEnd(call, isError, outcome);
    this.threads = new PiscinaThreads(this.maxThreads, onEnd, (error) => this.onStray(error));
  }
}

class PiscinaThreads implements Threads {
  readonly #piscina: Piscina;
  readonly #onEnd: (call: Call, isError: boolean, outcome: unknown) => void;
  readonly #rows: Int32Array<SharedArrayBuffer>;
  readonly #freeRows: number[];
  readonly #rowOf = new Map<Call, number>();
  readonly #places = new PlaceTable();
  readonly #channelName: string;
  #channel: BroadcastChannel;
  /** Why a thread could not start. */
  #broken: unknown;

  constructor(
    maxThreads: number,
    onEnd: (call: Call, isError: boolean, outcome: unknown) => void,
    onStray: (error: unknown) => void,
  ) {
    const { Piscina } = piscina();
    const size = maxThreads + SPARE_ROWS;
    const name = newName();
    this.#onEnd = onEnd;
    this.#rows = new Int32Array(new SharedArrayBuffer(size * ROW * Int32Array.BYTES_PER_ELEMENT));
    this.#freeRows = Array.from({ length: size }, (_, row) => row);
    this.#channelName = name;
    this.#channel = openChannel(name);
    this.#piscina = new Piscina({
      filename: fileURLToPath(threadModule.url ?? new URL(THREAD_MODULE, import.meta.url)),
      name: "perform",
      minThreads: 0,
      maxThreads,
      idleTimeout: Infinity,
      // Without a call a thread must not block: its timers would fire in the next call, and fail that.
      atomics: "async",
      recordTiming: false,
      workerData: {
        mysyncioRows: this.#rows,
        mysyncioPlaces: this.#places.memory,
        mysyncioChannel: name,
      } satisfies ThreadData,
    });
    this.#piscina.on("error", (error) => {
      // Either a thread could not even start, or one without a call has failed. The next call gets another.
      // Several threads that start at once may fail for one reason, which the calls were told already.
      const isTold = this.#broken !== undefined && String(error) === String(this.#broken);
      if (!this.#failUnbegun(error) && !isTold) onStray(error);
    });
  }

  begin(call: Call): void {
    const { place } = call;
    // Without a free thread Piscina would keep them as they are.
    if (this.#piscina.idleThreads === 0) call.copy();
    const { args } = call;
    const row = this.#freeRows.pop();
    if (row === undefined) throw lost(this.#broken);
    const at = row * ROW;
    Atomics.store(this.#rows, at + CANCELLED, 0);
    Atomics.store(this.#rows, at + THREAD, 0);
    Atomics.store(this.#rows, at + UNCLONEABLE, 0);
    this.#rowOf.set(call, row);
    const transferList = listOf(args);
    const request: Request = [row, this.#places.numberOf(place) ?? place, ...args];
    const running =
      transferList.length === 0
        ? this.#piscina.run(request)
        : this.#piscina.run(request, { transferList });
    running.then(
      (answer) => {
        if (typeof answer !== "object" || answer === null) this.#end(call, false, answer);
        else if ("error" in answer) this.#end(call, true, unpackError(answer.error));
        else this.#end(call, false, answer.value);
      },
      (error) => {
        const isUncloneable = Atomics.load(this.#rows, at + UNCLONEABLE) === 1;
        this.#end(
          call,
          true,
          isUncloneable ? uncloneable(place) : isCloneError(error) ? error : lost(error),
        );
      },
    );
  }

  cancel(call: Call): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    Atomics.store(this.#rows, row * ROW + CANCELLED, 1);
    try {
      this.#channel.postMessage(undefined);
    } catch {
      // In Deno 2.9 a channel may be broken if it was opened after all others were closed. The next one is not.
      this.#channel.close();
      this.#channel = openChannel(this.#channelName);
      this.#channel.postMessage(undefined);
    }
  }

  terminate(call: Call): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    const id = Atomics.load(this.#rows, row * ROW + THREAD);
    // One that has not begun yet finds its mark when it does.
    if (id === 0) return;
    void this.#piscina.threads.find(({ threadId }) => threadId === id)?.terminate();
  }

  async end(): Promise<void> {
    this.#channel.close();
    await this.#piscina.destroy();
  }

  /** Fails the calls that have not begun. Returns whether there was one. */
  #failUnbegun(error: Error): boolean {
    let found = false;
    for (const [call, row] of this.#rowOf) {
      if (Atomics.load(this.#rows, row * ROW + THREAD) !== 0) continue;
      // Piscina keeps it. Its row is given to nobody else, and if it begins after all, it finds its mark.
      Atomics.store(this.#rows, row * ROW + CANCELLED, 1);
      this.#rowOf.delete(call);
      this.#broken = error;
      found = true;
      this.#onEnd(call, true, lost(error));
    }
    return found;
  }

  #end(call: Call, isError: boolean, outcome: unknown): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    this.#rowOf.delete(call);
    this.#freeRows.push(row);
    this.#onEnd(call, isError, outcome);
  }
}

/** A channel that keeps no process alive. */
function openChannel(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  (channel as { unref?(): void }).unref?.();
  return channel;
}

function piscina(): PiscinaModule {
  try {
    // Not an import: most programs have no threads, and need not install it.
    return createRequire(import.meta.url)("piscina") as PiscinaModule;
  } catch (cause) {
    throw new RuntimeError(
      "Threads need the package `piscina`, which could not be loaded. Install it beside `mysyncio`: `npm install piscina@5`",
      { cause },
    );
  }
}

function isCloneError(error: unknown): boolean {
  return (error as Error | undefined)?.name === "DataCloneError";
}

function uncloneable({ name }: Place): DOMException {
  return new DOMException(`What \`${name}\` returned could not be cloned.`, "DataCloneError");
}

function lost(cause: unknown): RemoteLostError {
  return new RemoteLostError("The thread ended before the call did", { cause });
}
