// Threads for browsers: module workers, each of which exposes a loop for calls.
//
// The executor makes its calls from a separate loop, because `submit` also works where no loop is
// running.

import { wrongType } from "../../lang/arguments.ts";
import { isCancellation } from "../../lang/thrown.ts";
import { enterScheduler } from "../../loop/current.ts";
import type { RemoteTicket } from "../../loop/platform.ts";
import { type EventLoop, newEventLoop } from "../../program/eventLoop.ts";
import { Remote } from "../../remote/remote.ts";
import { RemoteLostError, unpackError } from "../../remote/remoteError.ts";
import { transfer, transferables } from "../../remote/transfer.ts";
import { CallExecutor, type ThreadExecutorOptions } from "../calls.ts";
import type { ThreadCall, ThreadPool } from "../threadCall.ts";
import type { StrayError } from "./thread.ts";

export interface WorkerExecutorOptions extends ThreadExecutorOptions {
  /**
   * Starts a worker to use as a thread. It must be a module worker. Its program either calls
   * `serveTasks`, which suits bundlers, or consists of `import "mysyncio/browser/thread"`, which
   * imports modules by URL.
   */
  readonly worker?: (() => Worker) | undefined;
}

type OnEnd = (call: ThreadCall, isError: boolean, outcome: unknown) => void;

/**
 * Runs functions in its own workers, which import the modules that export those functions.
 *
 * Starts a worker when a call finds none free, up to `maxThreads`, and keeps it for later calls.
 * `shutdown()` ends the workers; a loop does that for its default executor.
 * `threadSignal().aborted` changes during a computation only if the page is cross-origin isolated.
 */
export class ThreadExecutor extends CallExecutor {
  protected readonly threads: ThreadPool;

  /** @throws TypeError or RangeError for invalid options. */
  constructor(options: WorkerExecutorOptions = {}) {
    super(options, globalThis.navigator?.hardwareConcurrency ?? 1);
    const { worker = startWorker } = options;
    if (typeof worker !== "function") throw wrongType("worker", "a function", worker);
    this.threads = new Workers(
      worker,
      (call, isError, outcome) => this.onEnd(call, isError, outcome),
      (error) => this.onStray(error),
      (error) => {
        if (!this.onThreadLost(error)) console.warn(error);
      },
    );
  }
}

function startWorker(): Worker {
  // Bundlers recognize this form.
  return new Worker(new URL("./browserThread.js", import.meta.url), { type: "module" });
}

class Workers implements ThreadPool {
  readonly #start: () => Worker;
  readonly #onEnd: OnEnd;
  readonly #onStray: (error: unknown) => void;
  readonly #onExit: (error: Error) => void;
  readonly #free: Thread[] = [];
  readonly #threadOf = new Map<ThreadCall, Thread>();
  #loop: EventLoop | undefined;
  #running: Promise<void> | undefined;

  constructor(
    start: () => Worker,
    onEnd: OnEnd,
    onStray: (error: unknown) => void,
    onExit: (error: Error) => void,
  ) {
    this.#start = start;
    this.#onEnd = onEnd;
    this.#onStray = onStray;
    this.#onExit = onExit;
  }

  begin(call: ThreadCall): void {
    const thread = this.#free.pop() ?? this.#newThread();
    this.#threadOf.set(call, thread);
    thread.perform(call).then(
      (value) => this.#end(call, thread, false, value),
      (error) => this.#end(call, thread, true, error),
    );
  }

  cancel(call: ThreadCall): void {
    this.#threadOf.get(call)?.cancel();
  }

  terminate(call: ThreadCall): void {
    this.#threadOf.get(call)?.terminate();
  }

  async end(): Promise<void> {
    for (const thread of this.#free.splice(0)) thread.terminate();
    this.#loop?.stop();
    await this.#running;
    this.#loop?.close();
  }

  #end(call: ThreadCall, thread: Thread, isError: boolean, outcome: unknown): void {
    this.#threadOf.delete(call);
    const isLost = outcome instanceof RemoteLostError;
    // True if the call was cancelled and the worker is still alive. Only the executor knows whether
    // it requested the cancellation.
    const isCancelled = isLost && isCancellation(outcome.cause);
    if (isLost && !isCancelled) thread.terminate();
    if (!thread.isOver) this.#free.push(thread);
    this.#onEnd(call, isError, isCancelled ? outcome.cause : outcome);
  }

  #newThread(): Thread {
    const onLost = (thread: Thread) => this.#lose(thread);
    return new Thread(this.#start, this.#ensureLoop(), this.#onStray, onLost);
  }

  /** Called when a worker has closed itself. If it was running a call, that call fails anyway. */
  #lose(thread: Thread): void {
    const index = this.#free.indexOf(thread);
    if (thread.isOver || index < 0) return;
    this.#free.splice(index, 1);
    thread.terminate();
    this.#onExit(new RemoteLostError("An idle worker closed itself"));
  }

  #ensureLoop(): EventLoop {
    if (this.#loop === undefined) {
      this.#loop = newEventLoop();
      this.#running = this.#loop.runForever();
    }
    return this.#loop;
  }
}

/**
 * Allocates memory to share with a worker; undefined where memory can't be shared. WebKit may lack
 * `SharedArrayBuffer` even on cross-origin isolated pages.
 */
function newSharedId(): Int32Array<SharedArrayBuffer> | undefined {
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer !== "function") return undefined;
  return new Int32Array(new SharedArrayBuffer(4));
}

/**
 * Returns the error for a worker that could not start. The browser's event does not say which file
 * is missing. So the message names the default program, or shows the user's code that starts the
 * worker. It also lists the files that the page failed to load since `begun`.
 */
function notStarted(start: () => Worker, begun: number, cause: unknown): RemoteLostError {
  // Unless a bundler moved it, the default program is a file in the folder of this module.
  const program =
    start === startWorker
      ? `browserThread.js next to ${import.meta.url}`
      : `\`${startOf(String(start))}\``;
  const missing = performance
    .getEntriesByType("resource")
    .filter((entry) => entry.startTime >= begun && statusOf(entry) >= 400)
    .map(({ name }) => name);
  const reason =
    cause === undefined
      ? ". Its program, or a module that it imports, is missing or is not JavaScript"
      : "";
  const found = missing.length > 0 ? `. Not found: ${[...new Set(missing)].join(", ")}` : "";
  return new RemoteLostError(`The worker of ${program} could not start${reason}${found}`, {
    cause,
  });
}

function statusOf(entry: PerformanceEntry): number {
  return (entry as Partial<PerformanceResourceTiming>).responseStatus ?? 0;
}

/** Shortens the text of a function. */
function startOf(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)} ...`;
}

const MAX_TEXT = 300;

/** A worker, which has one call at a time. */
class Thread {
  isOver = false;
  readonly #worker: Worker;
  readonly #loop: EventLoop;
  /** Resolves once the worker has started. */
  readonly #remote: Promise<Remote>;
  #connected: Remote | undefined;
  #giveUp: (error: RemoteLostError) => void = () => undefined;
  /** The id of the cancelled call. The worker can read it even while it computes. */
  readonly #cancelledId: Int32Array<SharedArrayBuffer> | undefined;
  #id = 0;

  constructor(
    start: () => Worker,
    loop: EventLoop,
    onStray: (error: unknown) => void,
    onLost: (thread: Thread) => void,
  ) {
    const begun = performance.now();
    const worker = start();
    this.#worker = worker;
    this.#loop = loop;
    this.#cancelledId = newSharedId();
    this.#remote = new Promise<Remote>((resolve, reject) => {
      this.#giveUp = reject;
      worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        const { _stray: stray, _exposed: exposed } = (data ?? {}) as Partial<
          StrayError & RemoteTicket
        >;
        if (stray !== undefined) onStray(unpackError(stray));
        // Other messages belong to the program.
        if (typeof exposed !== "string" || this.#connected !== undefined) return;
        this.#connected = new Remote(data as RemoteTicket, () => onLost(this));
        resolve(this.#connected);
        if (this.#cancelledId !== undefined) worker.postMessage(this.#cancelledId);
      });
      // Once the worker has started, rejecting has no effect. Its later messages belong to the
      // program.
      worker.addEventListener("messageerror", () => {
        reject(notStarted(start, begun, "Its first message could not be read"));
      });
      // Once a worker has started, it reports errors in messages, which preserve more of an error.
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        const cause: unknown = event.error ?? event.message;
        if (this.#connected !== undefined) onStray(event.error ?? new Error(event.message));
        else reject(notStarted(start, begun, cause));
      });
    });
    // Each call awaits this promise and reports the error.
    this.#remote.catch(() => undefined);
  }

  /** Makes a call. Rejects if the arguments cannot be cloned. */
  async perform(call: ThreadCall): Promise<unknown> {
    const id = ++this.#id;
    let remote = this.#connected;
    if (remote === undefined) call.copy();
    const { location, args } = call;
    if (remote === undefined) {
      remote = await this.#remote;
    } else if (transferables(args).length > 0) {
      transfer(args, transferables(args));
    }
    return await this.#inLoop(() =>
      (remote as Remote).call("perform", id, location.url, location.name, args),
    );
  }

  cancel(): void {
    const id = this.#id;
    if (this.#cancelledId !== undefined) Atomics.store(this.#cancelledId, 0, id);
    const tell = (remote: Remote) => this.#inLoop(() => remote.callSoon("cancel", id));
    if (this.#connected !== undefined) tell(this.#connected);
    else this.#remote.then(tell).catch(() => undefined); // the grace period ends the call
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
