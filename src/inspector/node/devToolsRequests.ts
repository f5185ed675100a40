// The pending requests of a session of the DevTools protocol, over any transport.

import { TargetError } from "./target.ts";

/** A session of the DevTools protocol. */
export interface DevToolsSession {
  /**
   * Calls a method, and returns its result. Rejects if the method fails, if the connection ends, or
   * after `timeout` milliseconds.
   */
  send<R>(method: string, params: object, timeout: number): Promise<R>;
  /** Calls `listener` with the parameters of each event of that name. */
  on<P>(event: string, listener: (params: P) => void): void;
  /**
   * Calls `listener` when the connection has ended. Missing if the connection ends only with this
   * process.
   */
  onEnd?(listener: (error: Error) => void): void;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Returns why a request failed. A process that exits while a client is attached loses its context
 * before the connection ends.
 */
function reasonIn(message: string): string {
  return /^Cannot find (default execution )?context/.test(message)
    ? "The target has ended"
    : message;
}

export class DevToolsRequests {
  readonly #write: (message: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: never) => void>();
  readonly #endListeners: ((error: Error) => void)[] = [];
  #lastId = 0;
  #ended: Error | undefined;

  /** Messages are sent with `write`. */
  constructor(write: (message: string) => void) {
    this.#write = write;
  }

  on<P>(event: string, listener: (params: P) => void): void {
    this.#listeners.set(event, listener as (params: never) => void);
  }

  onEnd(listener: (error: Error) => void): void {
    this.#endListeners.push(listener);
  }

  /** Sends a request. If the other side is a helper thread, `params` is an array. */
  async send<R>(method: string, params: object, timeout: number): Promise<R> {
    if (this.#ended !== undefined) throw this.#ended;
    const id = ++this.#lastId;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<R>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        timer = setTimeout(
          () => reject(new TargetError(`The target didn't answer ${method} within ${timeout} ms`)),
          timeout,
        );
        this.#write(JSON.stringify({ id, method, params }));
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Handles a message from the other side. */
  receive(text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.id === undefined) {
      this.#listeners.get(message.method ?? "")?.(message.params as never);
    } else if (message.error === undefined) {
      this.#waiting.get(message.id)?.resolve(message.result);
    } else {
      this.#waiting.get(message.id)?.reject(new TargetError(reasonIn(message.error.message)));
    }
  }

  /** Rejects all pending and later requests. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
    for (const listener of this.#endListeners) listener(error);
  }
}
