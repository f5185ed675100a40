// The interface of an engine, which stores a fleet's calls and delivers them to workers. Clients
// can always find out about a call by polling; signals only make that faster.
//
//   client ── submit ──> waiting ──> running ── store ──> outcome ── forget ──> nothing
//                           │           │                   ^
//                           └─ cancel ──┴───────────────────┘
//
// Rules for engines, checked by the conformance suite:
//   E1  a stored call is waiting, running, or has an outcome, until its client forgets it
//   E2  an outcome is stored before its call is removed
//   E3  a worker that lost a call's lease stores nothing for that call
//   E4  one client's requests are processed in order
//   E5  signals may be lost or duplicated; `outcomes` is authoritative
//   E6  an outcome is stored for each client that watches the call, until that client forgets it
//   E7  if some worker knows a waiting call's task, the call reaches such a worker, however many
//       other workers put it back

import type { ContextVar } from "../loop/context.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { isThenable } from "../tasks/awaitable.ts";

/** A value, available immediately or later. */
export type MaybePromise<T> = T | PromiseLike<T>;

/**
 * How long a retry waits: `delay * factor ** (attempt - 1)` milliseconds, reduced by a random share
 * of up to `jitter`.
 */
export interface Backoff {
  readonly delay: number;
  readonly factor: number;
  readonly jitter: number;
}

/** A call as sent to workers: plain data that is never imported or evaluated. */
export interface WireCall {
  /** Contains no colon and is not a number. */
  readonly id: string;
  /** The client that waits for the outcome. */
  readonly client: string;
  /** The name of the task. */
  readonly task: string;
  /** The arguments, encoded. */
  readonly args: string;
  /** The values of context variables, by name, encoded. */
  readonly context?: string | undefined;
  /** How many times the function may be started. */
  readonly attempts: number;
  /** Whether an error thrown by the function starts another attempt. */
  readonly retriesErrors: boolean;
  readonly backoff: Backoff;
  /** How many milliseconds after its submission the call must end; undefined for no limit. */
  readonly timeout?: number | undefined;
  /** How many milliseconds a cancelled call may take to end. */
  readonly grace: number;
  /** 0 is the most urgent. */
  readonly priority: 0 | 1 | 2;
  /** How many milliseconds the call waits before a worker may take it. */
  readonly delay: number;
  /** How many milliseconds to keep the outcome for other clients; 0 if only `client` needs it. */
  readonly keep: number;
  /** Whether the call continues without its client. */
  readonly isDetached: boolean;
}

/** How a call ended, as sent back to its client. */
export type CallOutcome = (
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "error"; readonly error: string }
  /** `message` is the reason, if no client requested the cancellation. */
  | { readonly kind: "cancelled"; readonly message?: string | undefined }
  | { readonly kind: "timeout" }
  | { readonly kind: "lost"; readonly message: string }
) & {
  /** The worker that reported the outcome; empty if there was none. */
  readonly worker: string;
};

/** The state of a call without an outcome. */
export interface Presence {
  readonly state: "waiting" | "running";
  readonly worker?: string | undefined;
}

/** A hint from the engine, so that the client doesn't need to poll. */
export type Signal =
  | { readonly type: "outcome"; readonly id: string; readonly outcome: CallOutcome }
  | { readonly type: "begun"; readonly id: string; readonly worker: string }
  | { readonly type: "progress"; readonly id: string; readonly value: string }
  /** The connection was restored; signals may have been lost. */
  | { readonly type: "reconnected" };

/**
 * Why a delivery must stop. `abandoned` means that no living client waits for the call, `lost` that
 * the worker has lost its lease on the call.
 */
export type StopReason = "cancelled" | "abandoned" | "lost";

/** A call taken by a worker. */
export interface Delivery {
  readonly call: WireCall;
  /** How many times the function was started, including this time. */
  readonly begun: number;
  /**
   * How many milliseconds the call has waited while no live worker knew its task; undefined if some
   * live worker knows it.
   */
  readonly unknownFor: number | undefined;
  /** The milliseconds left until the call's timeout; Infinity if it has none. */
  readonly timeLeft: number;
  /** The loop on which the call was submitted, if the worker is in the same process. */
  readonly loop?: Scheduler | undefined;
  /**
   * Registers a callback for when the delivery must stop. After a lost lease, another worker may
   * have the call.
   */
  onStop(callback: (reason: StopReason) => void): void;
  /** Stores the outcome and ends the delivery. Does nothing after the lease is lost. */
  end(outcome: CallOutcome): MaybePromise<void>;
  /** Returns the call to the queue for another attempt in `delay` milliseconds. */
  retry(delay: number): MaybePromise<void>;
  /**
   * Returns the call to the queue as if it had not been taken. It can be taken again after `delay`
   * milliseconds.
   */
  putBack(delay: number): MaybePromise<void>;
  /** Reports progress to the client. */
  progress(value: string): void;
}

export interface ConsumeOptions {
  /** The name of the worker. */
  readonly name: string;
  /** The tasks that the worker knows, by name. It may receive other calls, which it puts back. */
  readonly tasks: readonly string[];
  /** How many calls the worker runs at a time. */
  readonly concurrency: number;
  /** A rate limit shared by all workers: at most `max` starts in `duration` milliseconds. */
  readonly limit?: { readonly max: number; readonly duration: number } | undefined;
  /** Called with errors between the worker and the engine. */
  readonly onError: (error: unknown) => void;
}

/** The worker's side of an engine. */
export interface Consumer {
  /** Stops taking calls. Calls in progress continue. */
  stop(): void;
  /** Disconnects. No calls may be in progress. */
  close(): MaybePromise<void>;
}

/** The number of calls in each state. */
export interface Counts {
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
}

/** A pending timer. */
export interface Timer {
  cancel(): unknown;
}

/** A source of time, in milliseconds. */
export interface Timers {
  now(): number;
  later(delay: number, callback: () => void): Timer;
}

/** One queue of calls, as one client or one worker sees it. */
export interface FleetQueue {
  /** How many milliseconds a silent worker keeps its calls. */
  readonly lease: number;
  /** Why there is no connection to the server; undefined while there is one. */
  readonly failure?: unknown;
  /** Returns the timers to use for the current caller. */
  timers(): Timers;
  /** Subscribes to signals for `client`, and marks it as alive for workers. */
  listen(client: string, onSignal: (signal: Signal) => void): void;
  /**
   * Makes this client wait for a call whose outcome is kept, whichever client submitted the call.
   * Until `unwatch`, the call continues for this client, and its outcome is stored for this client.
   */
  watch(id: string): void;
  unwatch(id: string): void;
  /**
   * Stores a call, or joins the existing call with the same id. The id of a call that was
   * cancelled, has timed out or was lost can be used again. The reply is `conflict` if the id
   * belongs to a call of another task or with other arguments.
   *
   * Calls `onSend` just before it sends the call to the server. If `onSend` returns false, nobody
   * waits for the call any more, so `submit` drops it.
   */
  submit(call: WireCall, onSend?: () => boolean): MaybePromise<"stored" | "joined" | "conflict">;
  /**
   * Withdraws a waiting call, or asks the worker of a running one to cancel it. Repeat this until
   * there is an outcome, because the message to the worker may be lost. Does nothing and replies
   * `shared` if the call is detached or other living clients watch it.
   */
  cancel(id: string): MaybePromise<"withdrawn" | "running" | "missing" | "shared">;
  /** Returns the outcome or state of each call; undefined for calls that do not exist. */
  outcomes(ids: readonly string[]): MaybePromise<readonly (CallOutcome | Presence | undefined)[]>;
  /**
   * Deletes the outcomes of these calls that are stored for this client, because it has received
   * them. Kept outcomes remain for other clients.
   */
  forget(ids: readonly string[]): void;
  consume(
    options: ConsumeOptions,
    onDelivery: (delivery: Delivery) => void,
  ): MaybePromise<Consumer>;
  counts(): MaybePromise<Counts>;
  close(): MaybePromise<void>;
}

/** Carries the calls of a fleet. Pass it as `engine` to `FleetExecutor` and `startWorker`. */
export interface FleetEngine {
  /** Opens a queue by name. Each client and each worker opens its own. */
  open(queue: string): FleetQueue;
  /**
   * Registers a function that calls may run, and the context variables they may set. Present if the
   * engine runs calls in this process while it has no other workers.
   */
  readonly embed?:
    | ((
        queue: string,
        name: string,
        fn: (...args: never[]) => unknown,
        variables: readonly ContextVar<unknown>[],
      ) => void)
    | undefined;
}

/** Calls `ask`, then one of the callbacks: synchronously if the reply is available immediately. */
export function whenReplied<T>(
  ask: () => MaybePromise<T>,
  onReply: (reply: T) => void,
  onError: (error: unknown) => void,
): void {
  let reply: MaybePromise<T>;
  try {
    reply = ask();
  } catch (error) {
    onError(error);
    return;
  }
  if (isThenable(reply)) reply.then(onReply as (reply: unknown) => void, onError);
  else onReply(reply as T);
}

/**
 * Whether the function itself has ended, so that later calls with the same id receive this outcome
 * instead of starting the function again.
 */
export function isResult({ kind }: CallOutcome): boolean {
  return kind === "value" || kind === "error";
}

/** Whether a call has ended. */
export function isOutcome(found: CallOutcome | Presence | undefined): found is CallOutcome {
  return found !== undefined && "kind" in found;
}
