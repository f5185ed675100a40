// Tracks the calls of one client: reacts to signals, and polls when they stop arriving.
//
// This is one file because every method changes the state of a call, and the invariants hold across
// all of them.
//
//   start ──> sending ──> waiting ──> running ──> done
//                            │           │          ^
//                            └─ cancel ──┴─> stopping ── outcome, or grace + lease
//
// Invariants:
//   F1  each call is settled exactly once
//   F2  an unsettled call is in `#calls`, and in the group that polls for it
//   F3  the cancellation of a call is repeated until the call is settled

import { isError } from "../lang/brands.ts";
import { LookupError, TimeoutError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import { cancelledThere, RemoteLostError } from "../remote/remoteError.ts";
import { decodeError, type FleetCodec } from "./codec.ts";
import {
  type CallOutcome,
  type FleetQueue,
  isOutcome,
  isResult,
  type MaybePromise,
  type Presence,
  type Signal,
  type Timer,
  type Timers,
  whenReplied,
} from "./engine.ts";
import { FleetError, FleetUnreachableError, idConflict, submissionError } from "./errors.ts";
import type { RemoteCall } from "./remoteCall.ts";

/** How many milliseconds a call may be silent before the client polls for it. */
const POLL = 5_000;
/** How many milliseconds to wait before repeating a cancellation. */
const REPEAT = 500;
/**
 * How many ticks of the poll timer must pass without a reply before the server counts as
 * unreachable.
 */
const SILENT_TICKS = 3;
/** A call counts as lost after this many polls in a row that did not find it. */
const MISSES = 2;

/** A client's statistics. */
export interface FleetStats {
  /** Calls that this client submitted or attached to. */
  readonly submitted: number;
  /** Calls whose outcome was reported to their caller. */
  readonly settled: number;
  /** Calls whose outcome was not reported yet. */
  readonly pending: number;
  /** Calls submitted again because the server had lost them. */
  readonly resent: number;
  /** Outcomes found by polling because no signal arrived. */
  readonly polled: number;
  /** Calls cancelled by this client, including timeouts. */
  readonly cancelled: number;
  /** Calls that were lost, or that failed because the server was unreachable. */
  readonly lost: number;
}

/** The calls that use the same timers. */
interface Group {
  readonly timers: Timers;
  readonly calls: Set<RemoteCall>;
  timer: Timer;
  isPolling: boolean;
  /**
   * When the engine last replied, and how many ticks of the poll timer have passed since. Time
   * alone is not enough, because this process itself may have been frozen.
   */
  lastReply: number;
  silentTicks: number;
}

export class FleetClient {
  readonly #queue: FleetQueue;
  readonly #codec: FleetCodec;
  readonly #unreachable: number;
  readonly #pollInterval: number;
  readonly #calls = new Map<string, RemoteCall[]>();
  readonly #groups = new Map<Timers, Group>();
  readonly #stats = { submitted: 0, settled: 0, resent: 0, polled: 0, cancelled: 0, lost: 0 };
  #pending = 0;
  /** Called after each call is settled. */
  onSettled: () => void = () => undefined;

  constructor(queue: FleetQueue, name: string, codec: FleetCodec, unreachable: number) {
    this.#queue = queue;
    this.#codec = codec;
    this.#unreachable = unreachable;
    this.#pollInterval = Math.min(POLL, Math.max(unreachable / 4, 1));
    queue.listen(name, (signal) => this.#onSignal(signal));
  }

  get pending(): number {
    return this.#pending;
  }

  get stats(): FleetStats {
    return { ...this.#stats, pending: this.#pending };
  }

  /** Iterates over the calls in progress. */
  *calls(): Generator<RemoteCall> {
    for (const calls of this.#calls.values()) yield* calls;
  }

  /** Submits a call, or joins the existing call with the same id. */
  start(call: RemoteCall): void {
    const { wire } = call;
    this.#add(call);
    if (wire?.timeout !== undefined) {
      const { timeout } = wire;
      call.timeout = call.timers.later(timeout, () => {
        this.cancel(call, timeoutOf(call, timeout));
      });
    }
    this.#submit(call);
  }

  /** Waits for a call that was submitted earlier, possibly by another client. */
  attach(call: RemoteCall): void {
    call.isSent = true;
    this.#add(call);
    call.state = "waiting";
    this.#poll(groupOf(this.#groups, call), [call]);
  }

  /**
   * Cancels a call. Settles it at once if it was not sent, or if only its caller stops waiting.
   * Otherwise, settles it when it has ended, or at the latest after its grace period plus the
   * lease.
   */
  cancel(call: RemoteCall, error: Error): void {
    if (call.isSettled || call.cancelled !== undefined) return;
    call.cancelled = error;
    this.#stats.cancelled++;
    if (call.state === "sending" && !call.isSent) {
      this.#settle(call, true, error);
      return;
    }
    // The caller had attached to the call, or other callers of this client wait for it too. So only
    // this caller stops waiting.
    if (call.wire === undefined || (this.#calls.get(call.id)?.length ?? 0) > 1) {
      this.#settle(call, true, error);
      return;
    }
    call.state = "stopping";
    const grace = call.wire?.grace ?? 0;
    if (grace < Infinity) {
      call.deadline = call.timers.later(grace + this.#queue.lease, () => {
        this.#settle(call, true, error);
      });
    }
    this.#stop(call);
  }

  /**
   * Sends a request, and waits at most `unreachable` milliseconds for the reply. `request` must
   * call its argument just before it sends, and must send nothing if that call returns false.
   *
   * @param subject names what is sent, for the error.
   * @throws FleetUnreachableError if no reply arrives in that time.
   */
  ask<T>(request: (onSend: () => boolean) => MaybePromise<T>, subject?: string): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let isSent = false;
      let ticks = 0;
      let timer: Timer | undefined;
      const wait = () => {
        // Several timers, one after the other. A single one might have expired while this process
        // was frozen, and would then fire before a reply that arrived meanwhile.
        const delay = this.#unreachable / SILENT_TICKS;
        if (ticks++ < SILENT_TICKS) timer = this.#queue.timers().later(delay, wait);
        else end(() => reject(this.#unreachableError(subject, isSent)));
      };
      const end = (settle: () => void) => {
        isOver = true;
        timer?.cancel();
        settle();
      };
      if (this.#unreachable < Infinity) wait();
      const onSend = () => {
        if (isOver) return false;
        isSent = true;
        return true;
      };
      whenReplied(
        () => request(onSend),
        (reply) => end(() => resolve(reply)),
        (error) => end(() => reject(error)),
      );
    });
  }

  #unreachableError(subject: string | undefined, isSent: boolean): FleetUnreachableError {
    const { failure } = this.#queue;
    const reason = isError(failure) ? ` (${failure.message || failure.name})` : "";
    const end = isSent ? "may or may not have run" : "was not sent";
    const text = `The server did not reply for ${this.#unreachable} ms${reason}`;
    return new FleetUnreachableError(
      subject === undefined ? text : `${text}, so ${subject} ${end}`,
      failure === undefined ? {} : { cause: failure },
    );
  }

  #submit(call: RemoteCall): void {
    const wire = call.wire as NonNullable<typeof call.wire>;
    // The server may have lost a call that had already begun, so each loss counts as an attempt.
    const sent = call.resent === 0 ? wire : { ...wire, attempts: wire.attempts - call.resent };
    const onSend = () => {
      if (call.isSettled) return false;
      call.isSent = true;
      return true;
    };
    whenReplied(
      () => this.#queue.submit(sent, onSend),
      (reply) => {
        if (call.isSettled) return;
        const group = groupOf(this.#groups, call);
        this.#noteReply(group, call);
        if (call.state === "sending") call.state = "waiting";
        if (reply === "stored") this.#settleStopped(call);
        if (reply === "conflict") {
          this.#settle(call, true, idConflict(call.ownId));
        }
        if (reply !== "joined") return;
        call.isJoined = true;
        this.#poll(group, [call]);
      },
      (error) => {
        this.#settle(call, true, call.cancelled ?? submissionError(error));
      },
    );
  }

  /**
   * Settles the cancelled calls that have the same id as `stored`, which the engine has just stored
   * as a new call. They have ended, and repeating their cancellation would cancel the new call.
   */
  #settleStopped(stored: RemoteCall): void {
    for (const call of [...(this.#calls.get(stored.id) ?? [])]) {
      if (call !== stored && call.state === "stopping") this.#settle(call, true, call.cancelled);
    }
  }

  /** Submits a call that had joined another client's call, because that other call is gone. */
  #startOwn(call: RemoteCall): void {
    this.#queue.forget([call.id]);
    call.isJoined = false;
    call.missing = 0;
    call.state = "sending";
    this.#submit(call);
  }

  #stop(call: RemoteCall): void {
    const again = () => {
      if (!call.isSettled) call.repeat = call.timers.later(REPEAT, () => this.#stop(call));
    };
    whenReplied(
      () => this.#queue.cancel(call.id),
      (reply) => {
        if (call.isSettled) return;
        const group = groupOf(this.#groups, call);
        this.#noteReply(group, call);
        if (reply === "withdrawn" || reply === "shared") {
          this.#settle(call, true, call.cancelled);
          // For the engine, this client no longer waits for the call. But another caller of this
          // client may have joined the call meanwhile.
          if (this.#calls.has(call.id)) this.#queue.watch(call.id);
        }
        // Either the outcome is on the way, or the call never reached the server.
        else if (reply === "missing") this.#poll(group, [call]);
        again();
      },
      again,
    );
  }

  #onSignal(signal: Signal): void {
    if (signal.type === "reconnected") {
      for (const group of this.#groups.values()) this.#reconcile(group, 0);
      return;
    }
    const calls = this.#calls.get(signal.id);
    if (calls === undefined) {
      // A late or duplicate signal for a settled call.
      if (signal.type === "outcome") this.#queue.forget([signal.id]);
      return;
    }
    if (signal.type === "outcome") {
      const { outcome } = signal;
      for (const call of [...calls]) {
        if (isResult(outcome) || call.wire?.keep === 0 || call.cancelled !== undefined) {
          this.#end(call, outcome);
          // An earlier call may have had the same id, so ask the server.
        } else if (call.state !== "sending") this.#poll(groupOf(this.#groups, call), [call]);
      }
      return;
    }
    for (const call of calls) {
      this.#noteReply(groupOf(this.#groups, call), call);
      if (signal.type === "begun") noteWorker(call, signal.worker);
      else this.#report(call, signal.value);
    }
  }

  /**
   * Settles the calls for which the server counts as unreachable. Polls for the others that have
   * been silent for `patience` milliseconds.
   */
  #reconcile(group: Group, patience: number): void {
    const now = group.timers.now();
    group.silentTicks++;
    const silent: RemoteCall[] = [];
    for (const call of [...group.calls]) {
      const silence = now - Math.max(group.lastReply, call.submittedAt);
      if (silence >= this.#unreachable && group.silentTicks >= SILENT_TICKS) {
        this.#stats.lost++;
        const error = this.#unreachableError(subjectOf(call), call.isSent);
        this.#settle(call, true, call.cancelled ?? error);
      } else if (call.state !== "sending" && now - call.lastReply >= patience) silent.push(call);
    }
    if (silent.length > 0 && !group.isPolling) this.#poll(group, silent);
    // Poll even without silent calls, to check that the server still replies.
    else if (group.calls.size > 0 && !group.isPolling) this.#poll(group, []);
  }

  #poll(group: Group, calls: readonly RemoteCall[]): void {
    group.isPolling = true;
    whenReplied(
      () => this.#queue.outcomes(calls.map(({ id }) => id)),
      (found) => {
        group.isPolling = false;
        noteContact(group);
        for (const [index, call] of calls.entries()) this.#update(group, call, found[index]);
      },
      () => {
        group.isPolling = false;
      },
    );
  }

  #update(group: Group, call: RemoteCall, found: CallOutcome | Presence | undefined): void {
    if (call.isSettled) return;
    if (isOutcome(found)) {
      // The outcome belongs to another client's call, which `call` had joined. Now `call` is about
      // to be submitted on its own.
      if (call.state === "sending" && !isResult(found)) return;
      this.#stats.polled++;
      this.#end(call, found);
      return;
    }
    this.#noteReply(group, call);
    if (found === undefined) this.#onMissing(group, call);
    else {
      call.missing = 0;
      if (found.state === "running") noteWorker(call, found.worker);
    }
  }

  /**
   * Handles a call that the server did not find. The call may still be on its way to the server. If
   * the next poll doesn't find it either, it is lost.
   */
  #onMissing(group: Group, call: RemoteCall): void {
    if (call.state === "sending" || ++call.missing < MISSES) {
      if (call.wire === undefined) this.#poll(group, [call]);
      return;
    }
    if (call.cancelled !== undefined) this.#settle(call, true, call.cancelled);
    else if (call.wire === undefined) {
      const id = JSON.stringify(call.ownId ?? call.id);
      const text = `There is no call ${id}. It was never submitted, or its outcome is no longer kept`;
      this.#settle(call, true, new LookupError(text));
    } else if (call.isJoined) {
      this.#startOwn(call);
    } else if (call.wire.attempts - call.resent > 1) {
      call.missing = 0;
      call.resent++;
      this.#stats.resent++;
      this.#submit(call);
    } else {
      this.#stats.lost++;
      const text = `The server has lost the call of \`${call.task}\`, which may or may not have run`;
      this.#settle(call, true, new RemoteLostError(text));
    }
  }

  #end(call: RemoteCall, outcome: CallOutcome): void {
    noteWorker(call, outcome.worker);
    noteContact(groupOf(this.#groups, call));
    if (isForeign(call, outcome)) {
      this.#startOwn(call);
      return;
    }
    if (outcome.kind === "timeout" && this.#isEarly(call, outcome)) return;
    if (outcome.kind === "timeout" && call.cancelled === undefined) this.#stats.cancelled++;
    let value: unknown;
    let isError = true;
    try {
      if (outcome.kind === "value") {
        value = this.#codec.decode(outcome.value);
        isError = false;
      } else {
        value = this.#errorOf(call, outcome);
        if (outcome.kind !== "error" && value instanceof RemoteLostError) this.#stats.lost++;
      }
    } catch (cause) {
      value = new FleetError(`The result of \`${call.task}\` could not be read`, { cause });
    }
    this.#settle(call, isError, value);
  }

  /**
   * Whether the server reports a timeout that isn't over yet by the caller's clock. If so, settles
   * the call when the timeout is over, because a call never times out early.
   */
  #isEarly(call: RemoteCall, outcome: CallOutcome): boolean {
    const timeout = call.wire?.timeout;
    if (timeout === undefined || call.cancelled !== undefined) return false;
    const left = call.submittedAt + timeout - call.timers.now();
    if (left <= 0) return false;
    call.timeout?.cancel();
    call.timeout = call.timers.later(left, () => this.#end(call, outcome));
    return true;
  }

  #errorOf(call: RemoteCall, outcome: Exclude<CallOutcome, { kind: "value" }>): unknown {
    const { cancelled } = call;
    switch (outcome.kind) {
      case "error": {
        const error = decodeError(this.#codec, outcome.error);
        if (!isCancellation(error)) return withOrigin(error, call, outcome.worker);
        return cancelled ?? cancelledThere(error);
      }
      case "timeout":
        return cancelled ?? timeoutOf(call, call.wire?.timeout);
      case "cancelled":
        return (
          cancelled ??
          new RemoteLostError(outcome.message ?? `The call of \`${call.task}\` was cancelled`)
        );
      case "lost":
        return cancelled ?? new RemoteLostError(outcome.message);
    }
  }

  #report(call: RemoteCall, text: string): void {
    if (call.onProgress === undefined) return;
    let value: unknown;
    try {
      value = this.#codec.decode(text);
    } catch {
      // Ignored, because progress reports are not guaranteed to arrive.
      return;
    }
    call.onProgress(value);
  }

  #noteReply(group: Group, call: RemoteCall): void {
    noteContact(group);
    call.lastReply = group.lastReply;
  }

  #add(call: RemoteCall): void {
    this.#pending++;
    this.#stats.submitted++;
    const others = this.#calls.get(call.id);
    if (others !== undefined) others.push(call);
    else this.#calls.set(call.id, [call]);
    if (call.wire === undefined || call.wire.keep > 0) this.#queue.watch(call.id);
    const group = this.#groups.get(call.timers);
    if (group !== undefined) group.calls.add(call);
    else this.#groups.set(call.timers, this.#newGroup(call));
  }

  #newGroup(call: RemoteCall): Group {
    const { timers } = call;
    const tick = () => {
      group.timer = timers.later(this.#pollInterval, tick);
      this.#reconcile(group, this.#pollInterval);
    };
    const group: Group = {
      timers,
      calls: new Set([call]),
      timer: timers.later(this.#pollInterval, tick),
      isPolling: false,
      lastReply: call.submittedAt,
      silentTicks: 0,
    };
    return group;
  }

  #settle(call: RemoteCall, isError: boolean, outcome: unknown): void {
    if (call.isSettled) return;
    call.end();
    this.#pending--;
    this.#stats.settled++;
    this.#remove(call);
    if (isError) call.listener.onError(outcome);
    else call.listener.onResult(outcome);
    this.onSettled();
  }

  #remove(call: RemoteCall): void {
    const calls = this.#calls.get(call.id) ?? [];
    if (calls.length <= 1) {
      this.#calls.delete(call.id);
      if (call.wire === undefined || call.wire.keep > 0) this.#queue.unwatch(call.id);
      this.#queue.forget([call.id]);
    } else calls.splice(calls.indexOf(call), 1);
    const group = groupOf(this.#groups, call);
    group.calls.delete(call);
    if (group.calls.size > 0) return;
    group.timer.cancel();
    this.#groups.delete(call.timers);
  }
}

/** Whether an outcome is the end of another client's call, which `call` had joined. */
function isForeign(call: RemoteCall, { kind }: CallOutcome): boolean {
  return (
    (kind === "cancelled" || kind === "timeout") &&
    call.isJoined &&
    call.wire !== undefined &&
    call.cancelled === undefined
  );
}

function groupOf(groups: ReadonlyMap<Timers, Group>, call: RemoteCall): Group {
  return groups.get(call.timers) as Group;
}

function noteContact(group: Group): void {
  group.lastReply = group.timers.now();
  group.silentTicks = 0;
}

function noteWorker(call: RemoteCall, worker: string | undefined): void {
  call.worker = worker;
  if (call.state === "waiting") call.state = "running";
}

function timeoutOf(call: RemoteCall, timeout: number | undefined): Error {
  const limit = timeout === undefined ? "in time" : `within ${timeout} ms`;
  return new TimeoutError(`The call of \`${call.task}\` did not end ${limit}`);
}

function subjectOf({ wire, task, ownId }: RemoteCall): string {
  return wire === undefined ? `the call ${JSON.stringify(ownId)}` : `the call of \`${task}\``;
}

/** Appends a line to an error's stack: the task that threw the error, and its worker. */
function withOrigin(error: unknown, { task }: RemoteCall, worker: string): unknown {
  if (isError(error) && typeof error.stack === "string") {
    const stack = `${error.stack}\n    in \`${task}\` on ${worker || "an unknown worker"}`;
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  }
  return error;
}
