// Calls functions that a loop in another thread exposes.

import { checkString, wrongType } from "../lang/arguments.ts";
import { CancelledError, RuntimeError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { bellToShare } from "../loop/hosts/blocking.ts";
import type { PortOwner } from "../loop/hosts/ports.ts";
import { claimName } from "../loop/hosts/threadWatch.ts";
import { setTimeout } from "../loop/hosts/timers.ts";
import type { RemoteTicket } from "../loop/platform.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { ExternalFuture } from "../tasks/externalFuture.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { cancelledThere, RemoteLostError, unpackError } from "./remoteError.ts";
import { type Hello, type Message, newName, ring, ThreadLink } from "./threadLink.ts";
import { moved } from "./transfer.ts";

/**
 * Connects to a loop in another thread. `loop.remote()` there returns the ticket.
 *
 * Functions are called by name. Arguments and results are structured clones; `transfer` moves
 * memory instead. Errors keep their name, message, stack, cause and own enumerable fields. The
 * connection belongs to the first loop that makes a call, and ends when that loop is closed.
 *
 * @throws TypeError if `ticket` is not such a ticket.
 * @example
 * const remote = connectRemote(ticket);
 * const sum = yield* remote.call("add", 1, 2);
 */
export function connectRemote(ticket: RemoteTicket): Remote {
  if (typeof ticket?._exposed !== "string") {
    throw wrongType("ticket", "the ticket that `loop.remote()` returned", ticket);
  }
  return new Remote(ticket);
}

/** A loop in another thread. Created by `connectRemote`. */
export class Remote {
  readonly #ticket: RemoteTicket;
  #connection: Connection | undefined;
  readonly #onLost: (() => void) | undefined;
  #isClosed = false;

  /**
   * @param onLost is called when the other thread ends or closes its loop, or when this side closes
   * the connection. Not called if no call was ever made, or if the loop on this side is closed.
   * @internal
   */
  constructor(ticket: RemoteTicket, onLost?: () => void) {
    this.#ticket = ticket;
    this.#onLost = onLost;
  }

  /**
   * Calls a function of the other loop. Returns a future of its result. Calls begin in the order in
   * which they are made.
   *
   * Cancelling the future cancels the task on the other side. The future stays pending until that
   * task has cleaned up and its outcome has arrived. It then succeeds only if the task suppressed
   * the cancellation; a result that was already on its way is dropped.
   *
   * The future fails with a LookupError if no such function is exposed, and with a RemoteLostError
   * if the thread ends or closes its loop. It also fails with a RemoteLostError, whose `cause` is a
   * CancelledError, if the task was cancelled on the other side.
   *
   * @throws RuntimeError if no loop is running, if the connection belongs to another loop, or after
   * `close()`.
   * @throws TypeError if `name` is not a string. @throws DataCloneError if an argument cannot be
   * cloned.
   */
  call<T = unknown>(name: string, ...args: readonly unknown[]): Future<T> {
    checkString("name", name);
    return this.#connect("remote.call()").call(name, args) as Future<T>;
  }

  /**
   * Calls a function without waiting for its outcome. Errors go to the exception handler of the
   * other loop. The call is lost if the thread ends before the call begins.
   *
   * @throws the same errors as `call()`.
   */
  callSoon(name: string, ...args: readonly unknown[]): void {
    checkString("name", name);
    this.#connect("remote.callSoon()").send({ type: "call", id: 0, name, args });
  }

  /**
   * Closes the connection. Pending calls are cancelled on the other side, and fail here with a
   * RemoteLostError. Idempotent.
   */
  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  #connect(caller: string): Connection {
    const loop = currentScheduler(caller);
    if (this.#isClosed) throw new RuntimeError("The connection is closed");
    this.#connection ??= new Connection(loop, this.#ticket, this.#onLost);
    if (this.#connection.loop === loop) return this.#connection;
    throw new RuntimeError("The connection belongs to another loop");
  }
}

/** How many milliseconds to wait for a welcome before saying hello again. */
const HELLO_INTERVAL = 500;

class Connection implements PortOwner {
  readonly loop: Scheduler;
  readonly #link: ThreadLink;
  readonly #release: () => void;
  readonly #calls = new Map<number, RemoteCall>();
  #lastId = 0;
  /** Messages to send once the other side listens; undefined as soon as it does. */
  #unsent: Message[] | undefined = [];
  readonly #onLost: (() => void) | undefined;
  #isLost = false;

  constructor(loop: Scheduler, ticket: RemoteTicket, onLost: (() => void) | undefined) {
    this.loop = loop;
    this.#onLost = onLost;
    const { _exposed: exposed, _thread: thread, _bell: bell } = ticket;
    const name = newName();
    const watched = [thread === undefined ? exposed : name, thread] as const;
    this.#link = new ThreadLink(name, bell, watched, this);
    loop._resources.add(this);
    loop._callSoon(() => this.#link.check(), []);
    // Say hello only when the lock `name` is held, because the other side takes a free lock to mean
    // that this thread has ended.
    const sayHello = () => {
      if (this.#unsent === undefined || this.#isLost) return;
      const channel = new BroadcastChannel(exposed);
      channel.postMessage({ link: name, bell: bellToShare() } satisfies Hello);
      channel.close();
      ring(bell);
      // Try again later, because a busy browser may not have opened the other side's channel yet.
      const timer = setTimeout(sayHello, HELLO_INTERVAL) as { unref?(): void };
      timer.unref?.();
    };
    this.#release = claimName(name, sayHello);
  }

  get ports(): readonly object[] {
    return this.#link.ports;
  }

  get waits(): number {
    return this.#calls.size;
  }

  onBlocked(): void {
    if (this.#calls.size > 0) this.#link.onBlocked();
  }

  call(name: string, args: readonly unknown[]): Future<unknown> {
    const id = ++this.#lastId;
    if (!this.#isLost) this.send({ type: "call", id, name, args });
    const future = new RemoteCall(this.loop, (message) =>
      this.send({ type: "cancel", id, message }),
    );
    if (this.#isLost) future._fail(lost());
    else this.#calls.set(id, future);
    return future;
  }

  /** @throws DataCloneError if the message cannot be cloned. */
  send(message: Message): void {
    const sent = message.type === "call" ? { ...message, args: moved(message.args) } : message;
    // A message to be sent later is cloned now, because the caller may change the arguments.
    if (this.#unsent === undefined) this.#link.send(sent);
    else this.#unsent.push(structuredClone(sent));
  }

  onMessage(message: Message): void {
    if (message.type === "welcome") {
      const unsent = this.#unsent ?? [];
      this.#unsent = undefined;
      for (const kept of unsent) this.#sendKept(kept);
    } else if (message.type === "result") {
      this.#take(message.id)?._answer(message.value, message.isHeard === true);
    } else if (message.type === "error") {
      const error = unpackError(message.error);
      const future = this.#take(message.id);
      if (future !== undefined) future._reject(error);
    }
  }

  /**
   * Sends a kept message. A channel may refuse what `structuredClone` accepts, such as shared
   * memory in browsers.
   */
  #sendKept(kept: Message): void {
    try {
      this.#link.send(kept);
    } catch (error) {
      const future = kept.type === "call" ? this.#take(kept.id) : undefined;
      if (future !== undefined) future._fail(error);
      else
        this.loop.callExceptionHandler({ message: "A call could not be sent", exception: error });
    }
  }

  onLost(): void {
    this.#isLost = true;
    this.#release();
    this.loop._resources.delete(this);
    // The tasks of a closed loop never run again.
    if (this.loop.isClosed()) return;
    for (const id of [...this.#calls.keys()]) this.#take(id)?._fail(lost());
    this.#onLost?.();
  }

  close(): void {
    this.#link.close();
    this.onLost();
  }

  #take(id: number): RemoteCall | undefined {
    const future = this.#calls.get(id);
    this.#calls.delete(id);
    return future;
  }
}

/** The future of a call to another thread. */
class RemoteCall extends ExternalFuture<unknown> {
  readonly #onCancel: (message: string | undefined) => void;
  #cancelled: CancelledError | undefined;

  constructor(loop: Scheduler, onCancel: (message: string | undefined) => void) {
    super(loop);
    this.#onCancel = onCancel;
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this.#cancelled ??= new CancelledError(message ?? "The call was cancelled");
    this.#onCancel(message);
    return true;
  }

  /**
   * Handles a result. `isHeard` is true if the other side got a cancellation before the call
   * returned. If the cancellation came too late, the result is dropped and the future is cancelled.
   */
  _answer(value: unknown, isHeard: boolean): void {
    if (this.#cancelled === undefined || isHeard) this._succeed(value);
    else this._abandon(this.#cancelled);
  }

  /**
   * Handles an error. A CancelledError counts as a cancellation only if this side requested one.
   * Otherwise, a task group would mistake it for a cancellation of its own.
   */
  _reject(error: unknown): void {
    if (!isCancellation(error)) this._fail(error);
    else if (this.#cancelled !== undefined) this._abandon(error);
    else this._fail(cancelledThere(error));
  }

  override _describe(): string {
    return "RemoteCall";
  }
}

function lost(): RemoteLostError {
  return new RemoteLostError("The thread or the connection ended before the call did");
}
