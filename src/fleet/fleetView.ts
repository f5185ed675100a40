// Submits calls, for an executor or a view of it with other options.

import { randomUUID } from "node:crypto";
import type { FutureMaker } from "../executors/loopExecutor.ts";
import { promiseOfCall } from "../executors/promiseOfCall.ts";
import type { CallListener } from "../executors/threadCall.ts";
import { checkOptions, wrongType } from "../lang/arguments.ts";
import { asyncDispose } from "../lang/dispose.ts";
import { CancelledError, RuntimeError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { setTimeout } from "../loop/hosts/timers.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type {
  DefinedTask,
  SubmitOptions,
  TaskArguments,
  TaskResult,
  ThreadTask,
} from "../program/executorPort.ts";
import type { IterationSource } from "../tasks/iterate.ts";
import { type Coroutine, coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { mapConcurrent } from "../tasks/mapConcurrent.ts";
import {
  type CallSettings,
  checkId,
  type FleetCallOptions,
  merged,
  settingsOf,
} from "./callOptions.ts";
import { encode } from "./codec.ts";
import type { WireCall } from "./engine.ts";
import { idConflict, submissionError } from "./errors.ts";
import { endOf, type Fleet } from "./fleet.ts";
import { type CallMaker, FleetCall } from "./fleetCall.ts";
import { wireId } from "./ids.ts";
import { RemoteCall } from "./remoteCall.ts";
import { taskName } from "./taskNames.ts";

/** Submits calls with a given set of options. An executor is itself a view. */
export class FleetView implements FutureMaker, CallMaker {
  readonly _fleet: Fleet;
  readonly #options: FleetCallOptions;
  readonly #settings: CallSettings;

  constructor(fleet: Fleet, options: FleetCallOptions) {
    this.#settings = settingsOf(options);
    this.#options = options;
    this._fleet = fleet;
  }

  /**
   * Calls a function on a worker of the fleet and returns its result. Like `toThread`, but across
   * machines.
   *
   * The function must be made by `defineTask`. Arguments and result are copied. A cancellation
   * waits until the call has ended, or at most for its grace period plus a worker's lease.
   *
   * @throws TypeError if `task` was not made by `defineTask`.
   * @throws RangeError if the encoded arguments are longer than `maxPayload`.
   * @throws RuntimeError if no loop is running, or after `shutdown()`.
   * @throws LookupError if no worker knows the task.
   * @throws RemoteLostError if its worker is lost and no attempts are left.
   * @throws FleetUnreachableError if the server does not reply.
   * @throws TimeoutError after `timeout`.
   * @throws DOMException named DataCloneError if a value cannot be sent.
   * @example
   * const small = yield* fleet.call(resize, photo, 200);
   */
  call<F extends DefinedTask>(task: F, ...args: TaskArguments<F>): Coroutine<TaskResult<F>> {
    taskName(task);
    return runCall(this, task, args) as Coroutine<TaskResult<F>>;
  }

  /**
   * Calls `task` with `args` on a worker of the fleet. The promise settles with the call's outcome.
   * Aborting `options.signal` cancels the call. See also `call`.
   */
  submit<F extends ThreadTask>(
    task: F,
    args: TaskArguments<F>,
    options: SubmitOptions = {},
  ): Promise<TaskResult<F>> {
    return promiseOfCall(
      options,
      (listener) => this._start(task, args, listener),
      (call, error) => this._cancel(call, error),
    );
  }

  /**
   * Calls `task` with each item as its only argument. Returns the results in the order of the
   * items. The first error cancels the other calls, and is thrown after they have ended.
   *
   * @param options.concurrency how many calls are in progress at a time; `maxQueue` by default.
   * @throws RangeError if the view has an `id`, because all calls would become one. See also
   * `call`.
   */
  map<F extends DefinedTask>(
    task: F,
    items: IterationSource<TaskArguments<F>[0]>,
    options: { readonly concurrency?: number | undefined } = {},
  ): Coroutine<TaskResult<F>[]> {
    taskName(task);
    checkOptions(options);
    if (this.#settings.id !== undefined) {
      throw new RangeError("Expected a view without `id`, because `map` makes several calls");
    }
    const { concurrency = this._fleet.maxQueue } = options;
    return mapConcurrent(items, (item) => this.call(task, ...([item] as TaskArguments<F>)), {
      concurrency,
    });
  }

  /**
   * Returns another view of the same executor. Calls of the new view use `options`. Omitted options
   * keep the values they have in this view.
   *
   * @throws TypeError, RangeError if an option is invalid.
   */
  with(options: FleetCallOptions): FleetView {
    return new FleetView(this._fleet, merged(this.#options, options));
  }

  /**
   * Submits a call that continues even if this process exits. The promise resolves with the call's
   * id once the server has stored the call. Rejects with a FleetError if the call cannot be
   * submitted, and with a FleetUnreachableError if the server does not reply. See also `call`.
   *
   * @param options.id names the call, as in `with()`.
   */
  detach<F extends DefinedTask>(
    task: F,
    args: TaskArguments<F>,
    options: { readonly id?: string | undefined } = {},
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      checkOptions(options);
      const { id = this.#settings.id ?? randomUUID() } = options;
      checkId(id);
      const wire = this.#wire(task, args, { ...this.#settings, id }, true);
      const { queue, client } = this._fleet;
      const subject = `the call of \`${wire.task}\``;
      client
        .ask((onSend) => queue.submit(wire, onSend), subject)
        .then(
          (reply) => {
            if (reply === "conflict") reject(idConflict(id));
            else resolve(id);
          },
          (cause: unknown) => reject(submissionError(cause)),
        );
    });
  }

  /**
   * Stops accepting calls, waits for all calls of this executor to end, and disconnects. With
   * `cancel`, cancels them first.
   */
  shutdown(options: { readonly cancel?: boolean | undefined } = {}): Promise<void> {
    try {
      checkOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    const fleet = this._fleet;
    fleet.shutDown ??= endOf(fleet);
    if (options.cancel === true) {
      const error = new CancelledError("The executor was shut down");
      for (const call of [...fleet.client.calls()]) fleet.client.cancel(call, error);
    }
    return fleet.shutDown;
  }

  /** Calls `shutdown()` at the end of a block with `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  get _isInside(): boolean {
    return this._fleet.engine.embed !== undefined;
  }

  get _queueName(): string {
    return this._fleet.queueName;
  }

  /** Like `submit`, but reports to a listener instead of a promise. */
  _start(
    task: ThreadTask,
    args: readonly unknown[],
    listener: CallListener,
    loop?: Scheduler,
  ): RemoteCall {
    const { queue, client } = this._fleet;
    const settings = this.#settings;
    const wire = this.#wire(task, args, settings, false);
    const onProgress = settings.onProgress && guarded(settings.onProgress, loop);
    const { id, task: name } = wire;
    const call = new RemoteCall(wire, id, name, queue.timers(), listener, onProgress, settings.id);
    client.start(call);
    return call;
  }

  _cancel(call: RemoteCall, error: CancelledError): void {
    this._fleet.client.cancel(call, error);
  }

  _futureOn(loop: Scheduler, task: ThreadTask, args: readonly unknown[]): Future<unknown> {
    return new FleetCall(loop, this, task, args);
  }

  #wire(
    task: ThreadTask,
    args: readonly unknown[],
    settings: CallSettings,
    isDetached: boolean,
  ): WireCall {
    const fleet = this._fleet;
    const name = taskName(task);
    if (!Array.isArray(args)) throw wrongType("args", "an array of arguments", args);
    if (fleet.shutDown !== undefined) throw new RuntimeError("The executor was shut down");
    const text = encode(fleet.codec, `The arguments of \`${name}\``, args);
    if (text.length > fleet.maxPayload) {
      throw new RangeError(
        `Expected the arguments of \`${name}\` to take at most ${fleet.maxPayload} characters (\`maxPayload\`), got ${text.length}. ` +
          "Store large data elsewhere, and send its location",
      );
    }
    fleet.engine.embed?.(
      fleet.queueName,
      name,
      task as (...args: never[]) => unknown,
      fleet.variables,
    );
    const { id, attempts, retriesErrors, backoff, timeout, grace, priority, delay } = settings;
    return {
      id: id === undefined ? `${fleet.clientName}-${++fleet.count}` : wireId(id),
      client: fleet.clientName,
      task: name,
      args: text,
      context: contextOf(fleet),
      attempts,
      retriesErrors,
      backoff,
      timeout,
      grace,
      priority,
      delay,
      keep: id === undefined ? 0 : fleet.keep,
      isDetached,
    };
  }
}

const runCall = /* @__PURE__ */ coroutine(function* fleetCall(
  view: FleetView,
  task: ThreadTask,
  args: readonly unknown[],
): Coroutine<unknown> {
  return yield* view._futureOn(currentScheduler("FleetExecutor.call()"), task, args);
});

/** Encodes the values of the fleet's context variables that are set in the current context. */
function contextOf({ variables, codec }: Fleet): string | undefined {
  const values = new Map<string, unknown>();
  for (const variable of variables) {
    const value = variable.get(NONE);
    if (value !== NONE) values.set(variable.name, value);
  }
  return values.size === 0 ? undefined : encode(codec, "The context", values);
}

const NONE = Symbol("none");

/**
 * Wraps a callback so that its errors don't reach its caller. They go to the exception handler of
 * `loop`. Without a loop, or after it is closed, they become uncaught, like the errors of an event
 * listener.
 */
function guarded(
  callback: (value: unknown) => void,
  loop: Scheduler | undefined,
): (value: unknown) => void {
  return (value) => {
    try {
      callback(value);
    } catch (exception) {
      if (loop?.isClosed() === false) {
        loop.callExceptionHandler({ message: "An exception in `onProgress`", exception });
        return;
      }
      setTimeout(() => {
        throw exception;
      });
    }
  };
}
