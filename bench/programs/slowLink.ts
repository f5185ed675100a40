// A slow connection: a proxy that delivers everything later, in both directions.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number, delay: number) {
    this.#server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      this.#pipe(near, far, delay);
      this.#pipe(far, near, delay);
    });
  }

  /** Starts a proxy to a port on this machine. `delay` is in milliseconds, each way. */
  static async start(target: number, delay: number): Promise<SlowLink> {
    const link = new SlowLink(target, delay);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  end(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pipe(from: Socket, to: Socket, delay: number): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    // After an error, closes this end. The other end is then closed too.
    from.on("error", () => from.destroy());
    from.on("data", (data) => setTimeout(() => to.write(data), delay));
    from.on("close", () => {
      this.#sockets.delete(from);
      setTimeout(() => to.destroy(), delay);
    });
  }
}
