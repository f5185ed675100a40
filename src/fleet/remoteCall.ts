// The client's view of a call.

import type { CallListener } from "../executors/threadCall.ts";
import type { Timer, Timers, WireCall } from "./engine.ts";

/** A call's state, as last reported to its client. */
export type RemoteCallState = "sending" | "waiting" | "running" | "stopping" | "done";

/** Describes a call in progress, for monitoring. */
export interface RemoteCallInfo {
  /** The id that the caller chose, which `attach` accepts; otherwise the call's id in the fleet. */
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  /** Its last known state. */
  readonly state: RemoteCallState;
  /** The worker running it, if known. */
  readonly worker: string | undefined;
  /** How many milliseconds ago it was submitted. */
  readonly age: number;
}

export class RemoteCall {
  /** The call as submitted; undefined if the caller only attached to it. */
  readonly wire: WireCall | undefined;
  readonly id: string;
  readonly task: string;
  readonly listener: CallListener;
  readonly timers: Timers;
  readonly onProgress: ((value: unknown) => void) | undefined;
  readonly submittedAt: number;
  /** The id chosen by the caller, if any. */
  readonly ownId: string | undefined;
  state: RemoteCallState = "sending";
  worker: string | undefined;
  /** The error to report to the listener, if the call was cancelled. */
  cancelled: Error | undefined;
  /** When the server last replied about the call. Before the first reply, `submittedAt`. */
  lastReply: number;
  /** How many times in a row the server did not find it. */
  missing = 0;
  /** Whether it may have reached the server. */
  isSent = false;
  /** How many times it was submitted again because the server had lost it. */
  resent = 0;
  /** Whether it joined a call that another client had submitted. */
  isJoined = false;
  /** Cancels the call after its timeout. */
  timeout: Timer | undefined;
  /** Repeats the cancellation. */
  repeat: Timer | undefined;
  /** Stops waiting for a cancelled call to end. */
  deadline: Timer | undefined;

  constructor(
    wire: WireCall | undefined,
    id: string,
    task: string,
    timers: Timers,
    listener: CallListener,
    onProgress?: (value: unknown) => void,
    ownId?: string,
  ) {
    this.wire = wire;
    this.id = id;
    this.task = task;
    this.timers = timers;
    this.listener = listener;
    this.onProgress = onProgress;
    this.ownId = ownId;
    this.submittedAt = timers.now();
    this.lastReply = this.submittedAt;
  }

  get isSettled(): boolean {
    return this.state === "done";
  }

  /** Marks the call as done and cancels its timers. */
  end(): void {
    this.state = "done";
    this.timeout?.cancel();
    this.repeat?.cancel();
    this.deadline?.cancel();
  }

  info(): RemoteCallInfo {
    const { id, ownId, task, state, worker } = this;
    return { id: ownId ?? id, task, state, worker, age: this.timers.now() - this.submittedAt };
  }
}
