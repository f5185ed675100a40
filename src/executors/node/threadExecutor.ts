// Threads for Node. Piscina starts and keeps them, and sends them calls.
//
// Waiting calls are queued in calls.ts, so Piscina never gets more calls than there are threads.
// Cancellation is implemented here too, because Piscina would terminate the thread immediately.
// This is one file because all of it uses the rows in shared memory, one for each call.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
// Imported, because Jest's jsdom environment lacks this global.
import { BroadcastChannel, type Worker } from "node:worker_threads";
import { RuntimeError } from "../../lang/errors.ts";
import { errorName } from "../../lang/thrown.ts";
import { inOutermostContext } from "../../loop/hosts/asyncContext.ts";
import { setTimeout } from "../../loop/hosts/timers.ts";
import { RemoteLostError, unpackError } from "../../remote/remoteError.ts";
import { newName } from "../../remote/threadLink.ts";
import { transferables } from "../../remote/transfer.ts";
import { CallExecutor, type ThreadExecutorOptions } from "../calls.ts";
import type { TaskLocation } from "../task.ts";
import type { ThreadCall, ThreadPool } from "../threadCall.ts";
import { LocationTable } from "./locationTable.ts";
import {
  CANCELLED,
  keyOfCall,
  NUMBER,
  type Request,
  ROW,
  THREAD,
  type ThreadData,
  type ThreadReply,
  UNCLONEABLE,
} from "./messages.ts";

/** The part of Piscina that is used here. */
interface Piscina {
  run(task: Request, options?: { transferList: readonly ArrayBuffer[] }): Promise<ThreadReply>;
  destroy(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly threads: Worker[];
  readonly idleThreads: number;
}
interface PiscinaModule {
  readonly Piscina: new (options: object) => Piscina;
}

/**
 * Extra rows in shared memory. When a thread can't start, its call fails, but Piscina keeps the
 * call and may begin it later, so the call's row stays in use.
 */
const SPARE_ROWS = 64;

/** The module that the threads load, relative to this one. */
const THREAD_MODULE = "./nodeThread.js";

/** Overrides the module that the threads load. Used by tests that run the sources. @internal */
export const threadModule = { url: undefined as string | undefined };

/**
 * Runs functions in its own threads. Requires the package `piscina`.
 *
 * Starts a thread when a call finds none free, up to `maxThreads`, and keeps it for later calls.
 * Idle threads don't keep the process alive. `shutdown()` ends all threads; a loop does that for
 * its default executor.
 *
 * @example
 * await using executor = new ThreadExecutor({ maxThreads: 2 });
 * const sums = await Promise.all([executor.submit(fib, [30]), executor.submit(fib, [31])]);
 */
export class ThreadExecutor extends CallExecutor {
  protected readonly threads: ThreadPool;

  /**
   * @throws TypeError or RangeError for invalid options. @throws RuntimeError if `piscina` is not
   * installed.
   */
  constructor(options: ThreadExecutorOptions = {}) {
    super(options, availableParallelism());
    const onEnd = (call: ThreadCall, isError: boolean, outcome: unknown) =>
      this.onEnd(call, isError, outcome);
    this.threads = new PiscinaThreads(this.maxThreads, {
      onEnd,
      onStray: (error) => this.onStray(error),
      onExit: (error) => {
        // A function may have ended its thread on purpose. So if no loop receives the error, this
        // is only a warning.
        if (!this.onThreadLost(error)) process.emitWarning(error);
      },
    });
  }
}

/** Receives the outcomes of calls, and the errors of threads that fail or exit outside a call. */
interface PoolListener {
  onEnd(call: ThreadCall, isError: boolean, outcome: unknown): void;
  onStray(error: unknown): void;
  onExit(error: Error): void;
}

class PiscinaThreads implements ThreadPool {
  readonly #piscina: Piscina;
  readonly #listener: PoolListener;
  readonly #rows: Int32Array<SharedArrayBuffer>;
  readonly #freeRows: number[];
  readonly #rowOf = new Map<ThreadCall, number>();
  readonly #locations = new LocationTable();
  readonly #channelName: string;
  #channel: BroadcastChannel;
  readonly #watched = new WeakSet<Worker>();
  /** The number of calls that Piscina has rejected, for example because their thread ended. */
  #failures = 0;
  #isEnding = false;
  /** Why a thread could not start. */
  #broken: unknown;

  constructor(maxThreads: number, listener: PoolListener) {
    const { Piscina } = piscina();
    const size = maxThreads + SPARE_ROWS;
    const name = newName();
    this.#listener = listener;
    this.#rows = new Int32Array(new SharedArrayBuffer(size * ROW * Int32Array.BYTES_PER_ELEMENT));
    this.#freeRows = Array.from({ length: size }, (_, row) => row);
    this.#channelName = name;
    this.#channel = openChannel(name);
    const options = {
      filename: fileURLToPath(threadModule.url ?? new URL(THREAD_MODULE, import.meta.url)),
      name: "perform",
      minThreads: 0,
      maxThreads,
      idleTimeout: Infinity,
      // An idle thread must not block, or its pending timers would fire during the next call.
      atomics: "async",
      recordTiming: false,
      workerData: {
        mysyncioRows: this.#rows,
        mysyncioLocations: this.#locations.memory,
        mysyncioChannel: name,
      } satisfies ThreadData,
    };
    this.#piscina = inOutermostContext(() => new Piscina(options));
    this.#piscina.on("error", (error) => {
      // Either a thread could not start, or an idle thread has failed. The next call gets a new
      // thread. If several threads fail to start for the same reason, that reason has already been
      // reported by the calls.
      const isKnown = this.#broken !== undefined && String(error) === String(this.#broken);
      if (!this.#failUnbegun(error) && !isKnown) listener.onStray(error);
    });
  }

  begin(call: ThreadCall): void {
    const { location } = call;
    // Without a free thread, Piscina would keep the arguments without cloning them.
    const mayStart = this.#piscina.idleThreads === 0;
    if (mayStart) call.copy();
    const { args } = call;
    const row = this.#freeRows.pop();
    if (row === undefined) throw neverStarted(this.#broken);
    const at = row * ROW;
    Atomics.store(this.#rows, at + CANCELLED, 0);
    Atomics.store(this.#rows, at + THREAD, 0);
    Atomics.store(this.#rows, at + UNCLONEABLE, 0);
    Atomics.store(this.#rows, at + NUMBER, call.number);
    this.#rowOf.set(call, row);
    const transferList = transferables(args);
    const request: Request = [row, this.#locations.numberOf(location) ?? location, ...args];
    const send = () =>
      transferList.length === 0
        ? this.#piscina.run(request)
        : this.#piscina.run(request, { transferList });
    // A thread outlives the call that starts it, and its events run in the async context in which
    // it was started. So threads start in the outermost context.
    const running = mayStart ? inOutermostContext(send) : send();
    if (mayStart) this.#watchThreads();
    running.then(
      (reply) => {
        if (typeof reply !== "object" || reply === null) this.#end(call, false, reply);
        else if ("error" in reply) this.#end(call, true, unpackError(reply.error));
        else this.#end(call, false, reply.value);
      },
      (error) => {
        this.#failures++;
        const isUncloneable = Atomics.load(this.#rows, at + UNCLONEABLE) === 1;
        this.#end(
          call,
          true,
          isUncloneable ? uncloneable(location) : isCloneError(error) ? error : threadLost(error),
        );
      },
    );
  }

  cancel(call: ThreadCall): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    Atomics.store(this.#rows, row * ROW + CANCELLED, 1);
    try {
      this.#channel.postMessage(undefined);
    } catch {
      // In Deno 2.9, a channel opened after all others were closed may be broken, but a second one
      // works.
      this.#channel.close();
      this.#channel = openChannel(this.#channelName);
      this.#channel.postMessage(undefined);
    }
  }

  terminate(call: ThreadCall): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    const id = Atomics.load(this.#rows, row * ROW + THREAD);
    // A call that has not begun yet sees the cancellation when it begins.
    if (id === 0) return;
    void this.#piscina.threads.find(({ threadId }) => threadId === id)?.terminate();
  }

  keyOf({ number }: ThreadCall): string {
    return keyOfCall(this.#channelName, number);
  }

  whereIs(call: ThreadCall): string | undefined {
    const id = Atomics.load(this.#rows, (this.#rowOf.get(call) ?? 0) * ROW + THREAD);
    return id > 0 && this.#rowOf.has(call) ? `in worker ${id}` : undefined;
  }

  /** Watches for idle threads that end, which Piscina does not report. */
  #watchThreads(): void {
    for (const thread of this.#piscina.threads) {
      if (this.#watched.has(thread)) continue;
      this.#watched.add(thread);
      let hasFailed = false;
      thread.once("error", () => {
        hasFailed = true;
      });
      thread.once("exit", (code) => {
        if (hasFailed || this.#isEnding) return;
        const failures = this.#failures;
        // If the thread was running a call, that call fails in a microtask, and the exit needs no
        // report.
        setTimeout(() => {
          if (this.#failures > failures || this.#isEnding) return;
          this.#listener.onExit(new RemoteLostError(`An idle thread exited with code ${code}`));
        }, 0);
      });
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#channel.close();
    await this.#piscina.destroy();
  }

  /** Fails the calls that have not begun. Returns whether there was one. */
  #failUnbegun(error: Error): boolean {
    let found = false;
    for (const [call, row] of this.#rowOf) {
      if (Atomics.load(this.#rows, row * ROW + THREAD) !== 0) continue;
      // Piscina keeps the call, so don't reuse its row. If the call begins after all, it sees that
      // it is cancelled.
      Atomics.store(this.#rows, row * ROW + CANCELLED, 1);
      this.#rowOf.delete(call);
      this.#broken = error;
      found = true;
      this.#listener.onEnd(call, true, neverStarted(error));
    }
    return found;
  }

  #end(call: ThreadCall, isError: boolean, outcome: unknown): void {
    const row = this.#rowOf.get(call);
    if (row === undefined) return;
    this.#rowOf.delete(call);
    this.#freeRows.push(row);
    this.#listener.onEnd(call, isError, outcome);
  }
}

/** Opens a channel that doesn't keep the process alive. */
function openChannel(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  (channel as { unref?(): void }).unref?.();
  return channel;
}

function piscina(): PiscinaModule {
  try {
    // Required here, so that programs without threads need not install it.
    return createRequire(import.meta.url)("piscina") as PiscinaModule;
  } catch (cause) {
    throw new RuntimeError(
      "Threads require the package `piscina`, which could not be loaded. Install it: `npm install piscina@5`",
      { cause },
    );
  }
}

function isCloneError(error: unknown): boolean {
  return errorName(error) === "DataCloneError";
}

function uncloneable({ name }: TaskLocation): DOMException {
  return new DOMException(`The result of \`${name}\` could not be cloned.`, "DataCloneError");
}

function threadLost(cause: unknown): RemoteLostError {
  return new RemoteLostError("The thread ended before the call did", { cause });
}

function neverStarted(cause: unknown): RemoteLostError {
  return new RemoteLostError("The thread for the call could not start", { cause });
}
