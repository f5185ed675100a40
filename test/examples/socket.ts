// A bare TCP client, which sends exactly what a test specifies.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export class Client {
  readonly socket: Socket;
  /** Resolves once the connection is over, with or without an error. */
  readonly closed: Promise<void>;
  #text = "";
  #isOver = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => {
      this.#text += text;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#text += error.code;
    });
    this.socket.on("end", () => {
      this.#isOver = true;
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.#isOver = true;
        resolve();
      });
    });
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  write(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Ends only the writing half. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Returns the data up to and including the end of a pattern. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) return this.#take(match.index + match[0].length);
      if (this.#isOver) throw new Error(`Expected ${pattern}, got ${JSON.stringify(this.#text)}`);
      await this.#more();
    }
  }

  /** Returns all data until the peer ends its half. A reset is included, by its code. */
  async rest(): Promise<string> {
    while (!this.#isOver) await this.#more();
    return this.#take(this.#text.length);
  }

  #take(length: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  async #more(): Promise<void> {
    const ac = new AbortController();
    const events = ["data", "end", "close"].map((event) =>
      once(this.socket, event, { signal: ac.signal }).catch(() => {}),
    );
    await Promise.race(events);
    ac.abort();
  }
}

/** Sends everything, ends the writing half, and returns all the data that comes back. */
export function exchange(port: number, text: string): Promise<string> {
  return new Client(port).write(text).end().rest();
}
