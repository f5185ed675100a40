// Runs the calls that a worker receives. Each call ends with an outcome, is given back, or has been
// taken over by another worker.
//
// This is one file because accepting, running and ending a call form one state machine.
//
//   handle ──> [refused: no attempts left, too late, unknown task]
//      │
//      v
//   running ──── the function ends ───────────────> value, error, or another attempt
//      │ stop                                          ^
//      └──> stopping ── it ends, or grace is over ─────┘  cancelled, timed out, or given back

import { hasTag } from "../lang/brands.ts";
import { CancelledError, LookupError } from "../lang/errors.ts";
import { errorName, isCancellation, isInstance } from "../lang/thrown.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { RemoteLostError } from "../remote/remoteError.ts";
import { defaultCodec, encode, encodeError, type FleetCodec } from "./codec.ts";
import type { CallOutcome, Delivery, StopReason, Timer, Timers, WireCall } from "./engine.ts";
import { FleetError } from "./errors.ts";
import { keyOfFleetCall } from "./ids.ts";
import { type ContextValues, LoopWork, type OnEnd } from "./loopWork.ts";
import type { Registered, TaskRegistry } from "./registry.ts";
import { hostTimers, LoopTimers } from "./timers.ts";

/** Runs calls in threads. */
export interface ThreadRunner {
  /** How many calls it runs at a time. */
  readonly maxThreads: number;
  start(
    task: Registered,
    call: WireCall,
    report: (text: string) => void,
    onEnd: OnEnd,
  ): { cancel(grace: number): void };
}

interface CallServerOptions {
  /** The name of the worker. */
  readonly name: string;
  readonly registry: TaskRegistry;
  readonly codec?: FleetCodec | undefined;
  /** Runs ordinary functions, and all functions if there is no loop. */
  readonly threads?: ThreadRunner | undefined;
  /** The loop for async functions. Not needed if each delivery has its own loop. */
  readonly loop?: (() => Scheduler) | undefined;
  /** How many calls may run on loops at a time; unlimited by default. Further calls wait. */
  readonly concurrency?: number | undefined;
  /** How many milliseconds to wait for a worker that knows the task; 30,000 by default. */
  readonly patience?: number | undefined;
}

/** How many milliseconds until a call may be taken again, if no live worker knows its task. */
const UNKNOWN_DELAY = 1_000;
/** How many milliseconds until a call may be taken again, if only other workers know its task. */
const ELSEWHERE_DELAY = 1;
const PATIENCE = 30_000;
/** The minimum interval between progress reports, in milliseconds. */
const PROGRESS_INTERVAL = 100;
/** How many task names an error lists at most. */
const MAX_NAMES = 20;

export class CallServer {
  readonly options: CallServerOptions;
  readonly codec: FleetCodec;
  readonly #served = new Set<ServedCall>();
  readonly onLoop: LimitedCalls;
  readonly inThreads: LimitedCalls;
  readonly #idle: (() => void)[] = [];

  constructor(options: CallServerOptions) {
    this.options = options;
    this.codec = options.codec ?? defaultCodec;
    this.onLoop = new LimitedCalls(options.concurrency ?? Infinity);
    this.inThreads = new LimitedCalls(options.threads?.maxThreads ?? 0);
  }

  /** The number of calls in progress. */
  get running(): number {
    return this.#served.size;
  }

  /** Runs a call, or refuses it. */
  handle(delivery: Delivery): void {
    const outcome = this.#refusal(delivery);
    if (typeof outcome === "number") void delivery.putBack(outcome);
    else if (outcome !== undefined) void delivery.end(outcome);
    else {
      const served = new ServedCall(this, delivery, () => this.#onEnd(served));
      this.#served.add(served);
      served.start();
    }
  }

  /**
   * Cancels all calls in progress. Of the calls that end because of this, those that had not begun
   * and those with attempts left return to the queue.
   */
  stop(): void {
    // Stops the waiting calls first, because each running call that ends would start one of them.
    for (const served of [...this.onLoop.waiting, ...this.inThreads.waiting, ...this.#served])
      served.stop("shutdown");
  }

  /** Resolves when no calls are in progress. */
  async idle(): Promise<void> {
    while (this.#served.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #onEnd(served: ServedCall): void {
    this.#served.delete(served);
    this.onLoop.remove(served);
    this.inThreads.remove(served);
    if (this.#served.size === 0) for (const wake of this.#idle.splice(0)) wake();
  }

  /**
   * Returns undefined if the call may run here. Otherwise, returns its outcome, or the delay after
   * which it may be retaken.
   */
  #refusal(delivery: Delivery): CallOutcome | number | undefined {
    const { call, begun, unknownFor } = delivery;
    const { name: worker, registry, patience = PATIENCE } = this.options;
    if (begun > call.attempts) return { kind: "lost", message: lostText(call), worker };
    if (timeLeftOf(delivery) <= 0) return { kind: "timeout", worker };
    if (registry.get(call.task) !== undefined) return undefined;
    if (unknownFor === undefined) return ELSEWHERE_DELAY;
    if (unknownFor < patience) return UNKNOWN_DELAY;
    const error = this.#unknown(call.task, patience);
    return { kind: "error", error: encodeError(this.codec, error), worker };
  }

  #unknown(task: string, patience: number): LookupError {
    const { names } = this.options.registry;
    const some = names.slice(0, MAX_NAMES).join(", ") + (names.length > MAX_NAMES ? ", ..." : "");
    return new LookupError(
      `For ${patience} ms, no worker knew the task \`${task}\`. The worker ${this.options.name}, the last to take the call, knows ${some}`,
    );
  }
}

/** Calls of which at most `most` run at a time. Each of the others waits until one ends. */
class LimitedCalls {
  readonly #most: number;
  readonly #running = new Set<ServedCall>();
  readonly waiting = new Set<ServedCall>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs a call as soon as fewer than `most` of these calls are running. */
  add(served: ServedCall): void {
    if (this.#running.size < this.#most) {
      this.#running.add(served);
      served.run();
    } else this.waiting.add(served);
  }

  remove(served: ServedCall): void {
    this.waiting.delete(served);
    const [next] = this.waiting;
    if (this.#running.delete(served) && next !== undefined) {
      this.waiting.delete(next);
      this.add(next);
    }
  }
}

class ServedCall {
  readonly #server: CallServer;
  readonly #delivery: Delivery;
  readonly #onGone: () => void;
  readonly #timers: Timers;
  #work: { cancel(grace: number): void } | undefined;
  #stopped: StopReason | "timeout" | "shutdown" | undefined;
  #isOver = false;
  #deadline: Timer | undefined;
  #graceOver: Timer | undefined;
  #progress: Progress | undefined;

  constructor(server: CallServer, delivery: Delivery, onGone: () => void) {
    this.#server = server;
    this.#delivery = delivery;
    this.#onGone = onGone;
    this.#timers = delivery.loop === undefined ? hostTimers : new LoopTimers(delivery.loop);
  }

  start(): void {
    const timeLeft = timeLeftOf(this.#delivery);
    if (timeLeft < Infinity) {
      this.#deadline = this.#timers.later(timeLeft, () => this.stop("timeout"));
    }
    this.#delivery.onStop((reason) => this.stop(reason));
    if (this.#isOver) return;
    (this.#threads === undefined ? this.#server.onLoop : this.#server.inThreads).add(this);
  }

  /** The threads, if the call runs in one of them instead of on a loop. */
  get #threads(): ThreadRunner | undefined {
    const { registry, threads, loop } = this.#server.options;
    const { isAsync } = registry.get(this.#delivery.call.task) as Registered;
    return isAsync && loop !== undefined ? undefined : threads;
  }

  run(): void {
    try {
      this.#work = this.#begin(this.#delivery.call, this.#threads);
    } catch (error) {
      this.#end(true, error);
    }
  }

  stop(reason: StopReason | "timeout" | "shutdown"): void {
    if (this.#isOver) return;
    const isFirst = this.#stopped === undefined;
    // A lost lease overrides any earlier reason, because the outcome no longer counts.
    if (isFirst || reason === "lost") this.#stopped = reason;
    if (!isFirst) return;
    const { grace } = this.#delivery.call;
    if (this.#work === undefined) return this.#end(true, new CancelledError());
    this.#work.cancel(grace);
    if (this.#isOver || grace === Infinity) return;
    this.#graceOver = this.#timers.later(grace, () => this.#end(true, new CancelledError()));
  }

  #begin(call: WireCall, threads: ThreadRunner | undefined): { cancel(grace: number): void } {
    const { registry, loop } = this.#server.options;
    const task = registry.get(call.task) as Registered;
    const onEnd: OnEnd = (isError, outcome) => this.#end(isError, outcome);
    if (threads !== undefined) {
      return threads.start(task, call, (text) => this.#report(text), onEnd);
    }
    const { codec } = this.#server;
    const order = {
      key: keyOfFleetCall(call.id),
      name: call.task,
      fn: task.fn,
      args: argumentsOf(codec, call),
      context: contextOf(codec, call, registry),
      report: (value: unknown) => this.#report(encode(codec, "The progress", value)),
    };
    const where = (this.#delivery.loop ?? loop?.()) as Scheduler;
    const onValue: OnEnd = (isError, outcome) => {
      if (isError) return onEnd(true, outcome);
      let text: string;
      try {
        text = encode(codec, `The result of \`${call.task}\``, outcome);
      } catch (error) {
        return onEnd(true, error);
      }
      onEnd(false, text);
    };
    return new LoopWork(where, order, onValue);
  }

  #report(text: string): void {
    this.#progress ??= new Progress(this.#timers, (latest) => this.#delivery.progress(latest));
    this.#progress.report(text);
  }

  /**
   * Called when the call has failed or has an encoded result, when it is stopped before it begins,
   * or when its grace period is over.
   */
  #end(isError: boolean, outcome: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#graceOver?.cancel();
    this.#progress?.end();
    if (isError) this.#fail(outcome);
    else this.#finish({ kind: "value", value: outcome as string, worker: this.#name });
    this.#onGone();
  }

  #fail(error: unknown): void {
    const worker = this.#name;
    const { call, begun } = this.#delivery;
    const mayBeginAgain = begun < call.attempts;
    const wasCancelled =
      this.#stopped !== undefined && (isCancellation(error) || isAbortError(error));
    if (wasCancelled && this.#stopped === "timeout") this.#finish({ kind: "timeout", worker });
    else if (wasCancelled && this.#stopped === "cancelled")
      this.#finish({ kind: "cancelled", worker });
    else if (wasCancelled && this.#stopped === "abandoned")
      this.#finish({ kind: "cancelled", message: abandonedText(call), worker });
    else if (wasCancelled && this.#work === undefined) void this.#delivery.putBack(0);
    else if (wasCancelled || isInstance(error, RemoteLostError)) {
      // After a lost lease, another worker may already have the call, so the engine ignores what
      // this worker reports.
      const isGivenBack =
        this.#stopped === undefined || this.#stopped === "lost" || this.#stopped === "shutdown";
      if (mayBeginAgain && isGivenBack) void this.#delivery.retry(0);
      else
        this.#finish({
          kind: "lost",
          message: wasCancelled ? SHUT_DOWN : (error as Error).message,
          worker,
        });
    } else if (mayBeginAgain && call.retriesErrors && this.#stopped === undefined) {
      void this.#delivery.retry(backoffOf(call, begun));
    } else {
      this.#finish({ kind: "error", error: encodeError(this.#server.codec, error), worker });
    }
  }

  #finish(outcome: CallOutcome): void {
    void this.#delivery.end(outcome);
  }

  get #name(): string {
    return this.#server.options.name;
  }
}

/** Sends the latest value, at most once per interval. */
class Progress {
  readonly #timers: Timers;
  readonly #send: (text: string) => void;
  #latest: string | undefined;
  #timer: Timer | undefined;

  constructor(timers: Timers, send: (text: string) => void) {
    this.#timers = timers;
    this.#send = send;
  }

  report(text: string): void {
    this.#latest = text;
    if (this.#timer === undefined) this.#flush();
  }

  end(): void {
    this.#timer?.cancel();
    if (this.#latest !== undefined) this.#send(this.#latest);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#latest === undefined) return;
    this.#send(this.#latest);
    this.#latest = undefined;
    this.#timer = this.#timers.later(PROGRESS_INTERVAL, () => this.#flush());
  }
}

/** Whether this is what the platform's functions throw when their signal aborts. */
function isAbortError(error: unknown): boolean {
  return errorName(error) === "AbortError";
}

const SHUT_DOWN = "The worker was shut down while it had the call";

function lostText({ task }: WireCall): string {
  return `A worker died, froze or was cut off while it had the call of \`${task}\`, and no attempts are left`;
}

export function abandonedText({ task }: Pick<WireCall, "task">): string {
  return `The call of \`${task}\` was cancelled, because no client that waits for it has renewed its lease`;
}

/**
 * Returns the milliseconds until a call must end. Returns Infinity for a call that isn't detached
 * and whose outcome is kept. Several clients may wait for such a call, each with its own timeout,
 * and a client's timeout ends only that client's wait.
 */
function timeLeftOf({ call, timeLeft }: Delivery): number {
  return call.keep > 0 && !call.isDetached ? Infinity : timeLeft;
}

/** Returns how many milliseconds to wait before the next attempt. */
export function backoffOf(
  { backoff: { delay, factor, jitter } }: WireCall,
  begun: number,
  random = Math.random,
): number {
  return delay * factor ** (begun - 1) * (1 - jitter * random());
}

/** Decodes a call's arguments. @throws FleetError if they cannot be read. */
export function argumentsOf(codec: FleetCodec, call: Pick<WireCall, "args" | "task">): unknown[] {
  let args: unknown;
  try {
    args = codec.decode(call.args);
  } catch (cause) {
    throw new FleetError(`The arguments of \`${call.task}\` could not be read`, { cause });
  }
  if (Array.isArray(args)) return args;
  throw new FleetError(`The arguments of \`${call.task}\` are not a list`);
}

/**
 * Decodes the context values sent with a call. Ignores variables that are unknown here.
 *
 * @throws FleetError if the context cannot be read.
 */
export function contextOf(
  codec: FleetCodec,
  { context, task }: Pick<WireCall, "context" | "task">,
  registry: Pick<TaskRegistry, "variable">,
): ContextValues {
  if (context === undefined) return [];
  let values: unknown;
  try {
    values = codec.decode(context);
  } catch (cause) {
    throw new FleetError(`The context of \`${task}\` could not be read`, { cause });
  }
  if (!hasTag(values, "Map")) throw new FleetError(`The context of \`${task}\` is not a map`);
  return [...(values as Map<string, unknown>)].flatMap(([name, value]) => {
    const variable = registry.variable(name);
    return variable === undefined ? [] : [[variable, value] as const];
  });
}
