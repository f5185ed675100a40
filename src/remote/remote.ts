// Calls to the functions that a loop of another thread exposes.

import { checkString, wrongType } from "../loop/arguments.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import type { RemoteTicket } from "../loop/exposing.ts";
import { bellToShare } from "../loop/hosts/blocking.ts";
import { holdName } from "../loop/hosts/lifeline.ts";
import type { PortOwner } from "../loop/hosts/ports.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { currentScheduler, Future } from "../tasks/future.ts";
import { type Hello, Line, type Message, newName, ring } from "./line.ts";
import { cancelledThere, RemoteLostError, unpackError } from "./remoteError.ts";
import { moved } from "./transfer.ts";

/**
 * Connects to a loop of another thread, whose `remote()` made the ticket.
 *
 * What is called is told by its name, and arguments and results are structured clones; memory moves if `transfer` says so.
 * Errors keep their name, message, stack, cause and own enumerable fields. The connection belongs to the first loop that calls, and ends with it.
 *
 * @throws TypeError if `ticket` is none.
 * @example
 * const remote = connectRemote(ticket);
 * const sum = yield* remote.call("add", 1, 2);
 */
export function connectRemote(ticket: RemoteTicket): Remote {
  if (typeof ticket?._exposed !== "string") {
    throw wrongType("ticket", "what `loop.remote()` gave", ticket);
  }
  return new Remote(ticket);
}

/** A loop of another thread. Made by `connectRemote`. */
export class Remote {
  readonly #ticket: RemoteTicket;
  #connection: Connection | undefined;
  #isClosed = false;

  /** @internal */
  constructor(ticket: RemoteTicket) {
    this.#ticket = ticket;
  }

  /**
   * Calls a function there; the future is done when that has ended. Calls begin in the order in which they were made.
   *
   * Cancelling the future cancels the task there, and the future waits for its answer: it cleans up first. A value is
   * given only if the task there has swallowed the cancel; one that was on its way already is dropped. A function
   * that is not exposed is a LookupError; if the thread dies or closes its loop, the future fails with a `RemoteLostError`.
   * So it does if somebody there cancels the task: the CancelledError is then the `cause`, as nobody here was cancelled.
   *
   * @throws RuntimeError if no loop runs, if another one called before, or after `close()`. @throws TypeError if `name` is
   * not a string. @throws DataCloneError if an argument cannot be cloned.
   */
  call<T = unknown>(name: string, ...args: readonly unknown[]): Future<T> {
    checkString("name", name);
    return this.#connect("remote.call()").call(name, args) as Future<T>;
  }

  /**
   * The same without waiting: how it ends, nobody here hears. Errors go to the exception handler of the loop there. It is
   * lost if the thread dies before.
   */
  callSoon(name: string, ...args: readonly unknown[]): void {
    checkString("name", name);
    this.#connect("remote.callSoon()").send({ type: "call", id: 0, name, args });
  }

  /** Ends the connection: calls that are under way are cancelled there, and fail here with a `RemoteLostError`. */
  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  #connect(what: string): Connection {
    const loop = currentScheduler(what);
    if (this.#isClosed) throw new RuntimeError("The connection is closed");
    this.#connection ??= new Connection(loop, this.#ticket);
    if (this.#connection.loop === loop) return this.#connection;
    throw new RuntimeError("The connection belongs to another loop");
  }
}

class Connection implements PortOwner {
  readonly loop: Scheduler;
  readonly #line: Line;
  readonly #release: () => void;
  readonly #calls = new Map<number, RemoteCall>();
  #lastId = 0;
  /** What is to be said once the other side listens. */
  #unsaid: Message[] | undefined = [];
  #isLost = false;

  constructor(loop: Scheduler, ticket: RemoteTicket) {
    this.loop = loop;
    const { _exposed: exposed, _thread: thread, _bell: bell } = ticket;
    const line = newName();
    const watched = [thread === undefined ? exposed : line, thread] as const;
    this.#line = new Line(line, bell, watched, this);
    loop._resources.add(this);
    loop._callSoon(() => this.#line.check(), []);
    // The other side waits for the end of what is held. A lock that is not yet held seems to have ended.
    this.#release = holdName(line, () => {
      const channel = new BroadcastChannel(exposed);
      channel.postMessage({ line, bell: bellToShare() } satisfies Hello);
      channel.close();
      ring(bell);
    });
  }

  get ports(): readonly object[] {
    return this.#line.ports;
  }

  get waits(): number {
    return this.#calls.size;
  }

  onBlocked(): void {
    if (this.#calls.size > 0) this.#line.onBlocked();
  }

  call(name: string, args: readonly unknown[]): Future<unknown> {
    const id = ++this.#lastId;
    const future = new RemoteCall(this.loop, (message) =>
      this.send({ type: "cancel", id, message }),
    );
    if (this.#isLost) {
      future._fail(lost());
      return future;
    }
    this.send({ type: "call", id, name, args });
    this.#calls.set(id, future);
    this.loop._external++;
    return future;
  }

  /** Throws if it cannot be cloned. */
  send(message: Message): void {
    const sent = message.type === "call" ? { ...message, args: moved(message.args) } : message;
    // What is kept is cloned now: the caller may change it.
    if (this.#unsaid === undefined) this.#line.send(sent);
    else this.#unsaid.push(structuredClone(sent));
  }

  onMessage(message: Message): void {
    if (message.type === "welcome") {
      const unsaid = this.#unsaid ?? [];
      this.#unsaid = undefined;
      for (const kept of unsaid) this.#say(kept);
    } else if (message.type === "result") {
      this.#take(message.id)?._give(message.value, message.isHeard === true);
    } else if (message.type === "error") {
      const error = unpackError(message.error);
      const future = this.#take(message.id);
      if (future !== undefined) future._refuse(error);
    }
  }

  /** Sends what was kept. A clone of it could be made, but a channel may take less, as no shared memory in browsers. */
  #say(kept: Message): void {
    try {
      this.#line.send(kept);
    } catch (error) {
      const future = kept.type === "call" ? this.#take(kept.id) : undefined;
      if (future !== undefined) future._fail(error);
      else this.loop.callExceptionHandler({ message: "A call was not sent", exception: error });
    }
  }

  onLost(): void {
    this.#isLost = true;
    this.#release();
    this.loop._resources.delete(this);
    // What waits for a closed loop never runs.
    if (this.loop.isClosed()) return;
    for (const id of [...this.#calls.keys()]) this.#take(id)?._fail(lost());
  }

  close(): void {
    this.#line.close();
    this.onLost();
  }

  #take(id: number): RemoteCall | undefined {
    const future = this.#calls.get(id);
    if (this.#calls.delete(id)) this.loop._external--;
    return future;
  }
}

/** The answer of another thread. */
class RemoteCall extends Future<unknown> {
  readonly #onCancel: (message: string | undefined) => void;
  #cancelled: CancelledError | undefined;

  constructor(loop: Scheduler, onCancel: (message: string | undefined) => void) {
    super(undefined, loop);
    this.#onCancel = onCancel;
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this.#cancelled ??= new CancelledError(message ?? "The call was cancelled");
    this.#onCancel(message);
    return true;
  }

  /** Takes a value. If it was on its way when a cancel was sent, nobody there has heard of that, and it must not be lost. */
  _give(value: unknown, isHeard: boolean): void {
    if (this.#cancelled === undefined || isHeard) this._succeed(value);
    else this._abandon(this.#cancelled);
  }

  /** Takes an error. A cancellation is one's own only if one has asked for it: else a group would take it for its doing. */
  _refuse(error: unknown): void {
    if (!(error instanceof CancelledError)) this._fail(error);
    else if (this.#cancelled !== undefined) this._abandon(error);
    else this._fail(cancelledThere(error));
  }

  override _describe(): string {
    return "RemoteCall";
  }
}

function lost(): RemoteLostError {
  return new RemoteLostError(
    "The other thread has ended, or one side has closed the connection, before it answered",
  );
}
