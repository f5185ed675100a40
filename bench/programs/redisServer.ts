// A Redis server on loopback, with its own port and folder.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const PATIENCE = 10_000;

export class RedisServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /**
   * Starts a server that logs each call. @throws Error if it is not installed, or does not respond
   */
  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "bench-redis-"));
    const place = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder];
    const child = spawn("redis-server", [...place, "--save", "", "--appendonly", "yes"], {
      stdio: "ignore",
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => {
        reject(new Error("The case `fleet` needs redis-server", { cause }));
      });
    });
    const server = new RedisServer(port, child, folder);
    for (const end = performance.now() + PATIENCE; performance.now() < end; await delay(20)) {
      if ((await server.ask("PING").catch(() => "")).includes("PONG")) return server;
    }
    server.end();
    throw new Error("The Redis server of the benchmark did not start");
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The processor time that it has used, in microseconds. */
  async cpu(): Promise<number> {
    const info = await this.ask("INFO cpu");
    const seconds = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)];
    return seconds.reduce((sum, [, value]) => sum + 1e6 * Number(value), 0);
  }

  end(): void {
    this.#process.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  private ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write(`${command}\r\n`));
      socket.once("data", (data) => {
        socket.destroy();
        resolve(String(data));
      });
      socket.once("error", reject);
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
