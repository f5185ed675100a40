// A connection to a server that can be stalled, cut and slowed down, and can lose replies.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class BadLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isStalled = false;
  #unanswered: string | undefined;
  /** How many milliseconds each piece takes. */
  delay = 0;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      this.#pipe(near, far);
      this.#pipe(far, near);
    });
  }

  static async start(port: number): Promise<BadLine> {
    const proxy = new BadLine(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing gets through, and neither side notices. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Everything gets through again. */
  resume(): void {
    this.#isStalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** The next piece with this text gets through, but nothing comes back on its connection. */
  loseReply(text: string): void {
    this.#unanswered = text;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  end(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pipe(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    if (this.#isStalled) from.pause();
    from.on("data", (data) => {
      if (this.#unanswered !== undefined && data.includes(this.#unanswered)) {
        this.#unanswered = undefined;
        to.pause();
      }
      if (this.delay === 0) to.write(data);
      else setTimeout(() => to.write(data), this.delay);
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
