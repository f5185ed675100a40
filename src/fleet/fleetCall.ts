// The future of a call.

import { CallFuture } from "../executors/loopExecutor.ts";
import type { CallListener } from "../executors/threadCall.ts";
import type { CancelledError } from "../lang/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { ThreadTask } from "../program/executorPort.ts";
import { keyOfFleetCall } from "./ids.ts";
import type { RemoteCall, RemoteCallInfo } from "./remoteCall.ts";

/** Starts and cancels calls for futures. */
export interface CallMaker {
  /** Whether the calls run entirely on loops, without waiting for external events. */
  readonly _isInside: boolean;
  readonly _queueName: string;
  /** Errors of the call's `onProgress` go to the exception handler of `loop`. */
  _start(
    task: ThreadTask,
    args: readonly unknown[],
    listener: CallListener,
    loop: Scheduler,
  ): RemoteCall;
  _cancel(call: RemoteCall, error: CancelledError): void;
}

/** The future of a call. `info()` returns the call's task, worker and state. */
export class FleetCall extends CallFuture {
  readonly #maker: CallMaker;
  readonly #isInside: boolean;
  readonly #call: RemoteCall | undefined;

  constructor(loop: Scheduler, maker: CallMaker, task: ThreadTask, args: readonly unknown[]) {
    super(loop);
    this.#maker = maker;
    // An in-process call doesn't wait for anything external, so a virtual clock may advance.
    this.#isInside = maker._isInside;
    if (this.#isInside) loop._external--;
    try {
      this.#call = maker._start(task, args, this, loop);
    } catch (error) {
      this._discard();
      throw error;
    }
  }

  override _finish(state: number, outcome: unknown): void {
    if (this.#isInside) this._loop._external++;
    super._finish(state, outcome);
  }

  /**
   * Returns the call's task, worker and state, as far as known. Returns undefined only while the
   * call is being submitted.
   */
  info(): RemoteCallInfo | undefined {
    return this.#call?.info();
  }

  override _describe(): string {
    const info = this.#call?.info();
    if (info === undefined) return "FleetCall";
    const where = info.worker ? ` on ${info.worker}` : "";
    return `FleetCall ${info.task} (${info.state}${where}), queue ${this.#maker._queueName}`;
  }

  override _callKey(): string | undefined {
    return this.#call && keyOfFleetCall(this.#call.id);
  }

  protected override _end(error: CancelledError): void {
    if (this.#call !== undefined) this.#maker._cancel(this.#call, error);
  }
}
