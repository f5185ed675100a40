import type { Handle } from "../loop/handle.ts";
import type { Future, Waiter } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";
import type { Transport, TransportOwner } from "./network.ts";
import type { StreamReader } from "./streamReader.ts";
import type { StreamWriter } from "./streamWriter.ts";

/** The part of a server that its clients use. */
interface ClientOwner {
  /** Called when the handler has ended. */
  _onHandlerEnd(client: ServerClient): void;
  /** Called when the connection is closed. */
  _onConnectionEnd(client: ServerClient): void;
}

/** A connection of a server, and the task that handles it. */
export class ServerClient implements Waiter, TransportOwner {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  /** The scheduled call that starts the handler; undefined once it has run or was cancelled. */
  handle: Handle | undefined;
  task: Task<unknown> | undefined;
  readonly #server: ClientOwner;
  readonly #transport: Transport;

  constructor(server: ClientOwner, transport: Transport, limit: number | undefined) {
    this.#server = server;
    this.#transport = transport;
    this.reader = transport.openReader(limit);
    this.writer = transport.openWriter();
    transport.owner = this;
  }

  /**
   * Called when the task is done. What follows may call user code, so it runs as a callback of the
   * loop.
   */
  _notify({ _loop: loop }: Future<unknown>): void {
    const server = this.#server;
    if (!loop.isClosed())
      loop._callSoon((client: ServerClient) => server._onHandlerEnd(client), [this]);
  }

  onClose(): void {
    this.#server._onConnectionEnd(this);
  }

  /** Closes the connection, and drops written data that the system doesn't take immediately. */
  close(): void {
    this.#transport.close();
  }

  /** Cancels the handler. If it hasn't started or has ended, closes the connection. */
  cancel(): void {
    if (this.task?.cancel("The server cancelled its clients")) return;
    this.handle?.cancel();
    this.handle = undefined;
    this.close();
  }

  /** The error that reads and writes throw after the connection was aborted. */
  get abortError(): Error | undefined {
    return this.#transport.abortError;
  }

  /** Whether the handler has ended and the connection is closed. */
  hasEnded(): boolean {
    return this.#transport.isClosed && this.handle === undefined && this.task?.done() !== false;
  }
}
