// Threads for browsers: module workers, which expose a loop and are called through it.
//
// The calls belong to a loop of the executor's own: a promise may be asked for where no loop runs.

import { type EventLoop, newEventLoop } from "../../eventLoop.ts";
import { wrongType } from "../../loop/arguments.ts";
import { CancelledError } from "../../loop/errors.ts";
import type { RemoteTicket } from "../../loop/exposing.ts";
import { enterScheduler } from "../../loop/scheduler.ts";
import { connectRemote, type Remote } from "../../remote/remote.ts";
import { RemoteLostError } from "../../remote/remoteError.ts";
import { listOf, transfer } from "../../remote/transfer.ts";
import { type Call, CallExecutor, type ThreadExecutorOptions, type Threads } from "../calls.ts";

export interface WorkerExecutorOptions extends ThreadExecutorOptions {
  /**
   * Starts the worker of a thread: a module worker whose program calls `serveTasks`, which is the form for bundlers, or one
   * whose program is `import "mysyncio/browser/thread"`, which loads modules by their URLs.
   */
  readonly worker?: (() => Worker) | undefined;
}

type OnEnd = (call: Call, isError: boolean, outcome: unknown) => void;

/**
 * Runs functions in workers of its own, which load the modules of the functions.
 *
 * A worker is started when a call finds none free, up to `maxThreads`, and stays. `shutdown()` ends them; a loop does that
 * for its default executor. A worker that computes sees `threadSignal().aborted` only if the page is cross-origin isolated.
 */
export class ThreadExecutor extends CallExecutor {
  protected readonly threads: Threads;

  /** @throws TypeError, RangeError if an option is not what it must be. */
  constructor(options: WorkerExecutorOptions = {}) {
    super(options, globalThis.navigator?.hardwareConcurrency ?? 1);
    const { worker = startWorker } = options;
    if (typeof worker !== "function") throw wrongType("worker", "a function", worker);
    this.threads = new Workers(
      worker,
      (call, isError, outcome) => this.onEnd(call, isError, outcome),
      (error) => this.onStray(error),
    );
  }
}

function startWorker(): Worker {
  // In this form bundlers find it.
  return new Worker(new URL("./browserThread.js", import.meta.url), { type: "module" });
}

class Workers implements Threads {
  readonly #start: () => Worker;
  readonly #onEnd: OnEnd;
  readonly #onStray: (error: unknown) => void;
  readonly #free: Thread[] = [];
  readonly #threadOf = new Map<Call, Thread>();
  #loop: EventLoop | undefined;
  #running: Promise<void> | undefined;

  constructor(start: () => Worker, onEnd: OnEnd, onStray: (error: unknown) => void) {
    this.#start = start;
    this.#onEnd = onEnd;
    this.#onStray = onStray;
  }

  begin(call: Call): void {
    const thread = this.#free.pop() ?? new Thread(this.#start(), this.#ensureLoop(), this.#onStray);
    this.#threadOf.set(call, thread);
    thread.perform(call).then(
      (value) => this.#end(call, thread, false, value),
      (error) => this.#end(call, thread, true, error),
    );
  }

  cancel(call: Call): void {
    this.#threadOf.get(call)?.cancel();
  }

  terminate(call: Call): void {
    this.#threadOf.get(call)?.terminate();
  }

  async end(): Promise<void> {
    for (const thread of this.#free.splice(0)) thread.terminate();
    this.#loop?.stop();
    await this.#running;
    this.#loop?.close();
  }

  #end(call: Call, thread: Thread, isError: boolean, outcome: unknown): void {
    this.#threadOf.delete(call);
    const isLost = outcome instanceof RemoteLostError;
    // The call was cancelled in a worker that lives on: the executor knows by whom.
    const isCancel = isLost && outcome.cause instanceof CancelledError;
    if (isLost && !isCancel) thread.terminate();
    if (!thread.isOver) this.#free.push(thread);
    this.#onEnd(call, isError, isCancel ? outcome.cause : outcome);
  }

  #ensureLoop(): EventLoop {
    if (this.#loop === undefined) {
      this.#loop = newEventLoop();
      this.#running = this.#loop.runForever();
    }
    return this.#loop;
  }
}

/** Memory to share with a worker. WebKit may be cross-origin isolated and have none all the same. */
function sharedMark(): Int32Array<SharedArrayBuffer> | undefined {
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer !== "function") return undefined;
  return new Int32Array(new SharedArrayBuffer(4));
}

/** A worker. It has one call at a time. */
class Thread {
  isOver = false;
  readonly #worker: Worker;
  readonly #loop: EventLoop;
  /** Settles once the worker is there. */
  readonly #remote: Promise<Remote>;
  #connected: Remote | undefined;
  #giveUp: (error: RemoteLostError) => void = () => undefined;
  /** How the worker hears of a cancel while it computes. */
  readonly #mark: Int32Array<SharedArrayBuffer> | undefined;
  #id = 0;

  constructor(worker: Worker, loop: EventLoop, onStray: (error: unknown) => void) {
    this.#worker = worker;
    this.#loop = loop;
    this.#mark = sharedMark();
    this.#remote = new Promise<Remote>((resolve, reject) => {
      this.#giveUp = reject;
      worker.onmessage = ({ data }) => {
        this.#connected = connectRemote(data as RemoteTicket);
        worker.onmessage = null;
        // Calls answer for themselves. What comes from now on is of a timer or the like, and the worker lives on.
        worker.onerror = (event) => {
          event.preventDefault();
          onStray(event.error ?? new Error(event.message));
        };
        resolve(this.#connected);
        if (this.#mark !== undefined) worker.postMessage(this.#mark);
      };
      worker.onerror = (event) => {
        reject(
          new RemoteLostError("The worker could not start", {
            cause: event.error ?? event.message,
          }),
        );
      };
    });
    // Whoever calls hears of it.
    this.#remote.catch(() => undefined);
  }

  /** Makes a call. What cannot be cloned is told at once. */
  async perform(call: Call): Promise<unknown> {
    const id = ++this.#id;
    let remote = this.#connected;
    if (remote === undefined) call.copy();
    const { place, args } = call;
    if (remote === undefined) {
      remote = await this.#remote;
    } else if (listOf(args).length > 0) {
      transfer(args, listOf(args));
    }
    return await this.#inLoop(() =>
      (remote as Remote).call("perform", id, place.url, place.name, args),
    );
  }

  cancel(): void {
    const id = this.#id;
    if (this.#mark !== undefined) Atomics.store(this.#mark, 0, id);
    const tell = (remote: Remote) => this.#inLoop(() => remote.callSoon("cancel", id));
    if (this.#connected !== undefined) tell(this.#connected);
    else this.#remote.then(tell).catch(() => undefined); // the time of grace ends it
  }

  terminate(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#worker.terminate();
    this.#giveUp(new RemoteLostError("The worker was terminated before it began"));
    this.#connected?.close();
  }

  #inLoop<T>(action: () => T): T {
    const outer = enterScheduler(this.#loop);
    try {
      return action();
    } finally {
      enterScheduler(outer);
    }
  }
}
