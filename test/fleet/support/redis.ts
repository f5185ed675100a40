// A Redis server for the tests: on loopback, with its own port and folder, ended by its pid.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const PROGRAMS = ["redis-server", "valkey-server"];
const PATIENCE = 60_000;

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, flags: readonly string[]) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), "mysyncio-redis-"));
    this.#flags = flags;
  }

  /** Starts a server that writes its log to disk each second, unless `flags` say otherwise. */
  static async start(flags: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), flags);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const place = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.folder];
    const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
    this.#process = await started([...place, ...durable, ...this.#flags]);
    const end = Date.now() + PATIENCE;
    while (!(await this.#answers())) {
      if (Date.now() > end) throw new Error("The Redis server of the test did not start");
      await delay(20);
    }
  }

  /** Kills the server, as a crash would. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  /**
   * Whether the server's log is written to disk. A slow disk delays this beyond the usual second,
   * and a kill then loses what the process has not written.
   */
  async isWritten(): Promise<boolean> {
    const info = await this.ask("INFO persistence");
    return /^aof_buffer_length:0/m.test(info) && /^aof_pending_bio_fsync:0/m.test(info);
  }

  /** The answer to a command, as it arrives over the connection. */
  ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connectSocket(this.port, "127.0.0.1", () => socket.write(`${command}\r\n`));
      socket.once("data", (data) => {
        socket.destroy();
        resolve(String(data));
      });
      socket.once("error", reject);
    });
  }

  /** Stops it for a while, or continues it. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  async end(): Promise<void> {
    this.signal("SIGCONT");
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      // A server that requires a password is ready as well.
      return /PONG|NOAUTH/.test(await this.ask("PING"));
    } catch {
      return false;
    }
  }
}

function started(flags: readonly string[]): Promise<ChildProcess> {
  const attempt = (programs: readonly string[]): Promise<ChildProcess> => {
    const [program, ...others] = programs;
    if (program === undefined) {
      return Promise.reject(
        new Error("The tests of the fleet need redis-server: `apt-get install redis-server`"),
      );
    }
    return new Promise<ChildProcess>((resolve, reject) => {
      const child = spawn(program, flags, { stdio: "ignore" });
      child.once("spawn", () => resolve(child));
      child.once("error", reject);
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return attempt(others);
    });
  };
  return attempt(PROGRAMS);
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
