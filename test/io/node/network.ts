// Helps tests that use real sockets of this machine, on loops in real time.

import { once } from "node:events";
import { existsSync, fstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExceptionContext } from "../../../src/index.ts";
import {
  type Coroutine,
  getRunningLoop,
  run,
  type Server,
  sleep,
  timeout,
} from "../../../src/node.ts";

/**
 * Longer than any of these programs takes on a slow machine, but shorter than the test runner's
 * timeout.
 */
const PATIENCE = 60_000;

/** Runs a program, which must end within `patience` ms. Returns its result and its reports. */
export async function runSoon<T>(
  main: (reports: readonly ExceptionContext[]) => Coroutine<T>,
  patience = PATIENCE,
): Promise<{ result: T; reports: ExceptionContext[] }> {
  const reports: ExceptionContext[] = [];
  const result = await run(function* () {
    getRunningLoop().setExceptionHandler((_, context) => reports.push(context));
    return yield* timeout(patience, () => main(reports));
  });
  return { result, reports };
}

/** Runs a program like `runSoon`, and throws if it reports anything. Returns its result. */
export async function quietly<T>(main: () => Coroutine<T>): Promise<T> {
  const { result, reports } = await runSoon(main);
  const [report] = reports;
  if (report !== undefined) throw new Error(report.message, { cause: report.exception });
  return result;
}

export function portOf(server: Server | NetServer): number {
  return (server.address() as AddressInfo).port;
}

/** Starts a server of Node's own, which ends its half of a connection once the client has. */
export async function bareServer(onSocket: (socket: Socket) => void): Promise<NetServer> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
    socket.on("end", () => socket.end());
  });
  server.listen(0);
  await once(server, "listening");
  return server;
}

/** Connects a client of Node's own. */
export async function bareClient(port: number): Promise<Socket> {
  const socket = connect(port);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/**
 * Lets the host run its timers and sockets. In several steps, because a host that was held up runs
 * one due timer before the events that came first.
 */
export function* settle(): Coroutine<void> {
  for (let i = 0; i < 5; i++) yield* sleep(5);
}

/** Does the same as `settle`, for async functions. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Calls `use` with a path for a Unix domain socket, in a folder that is removed afterwards. */
export async function withPath<T>(use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mysyncio-"));
  try {
    return await use(join(folder, "socket"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The open sockets and servers of this process. Read from the system where possible, because Node
 * doesn't list those of mysyncio, which don't keep the process alive.
 */
export function openHandles(): string[] {
  if (!existsSync(DESCRIPTORS)) {
    return process.getActiveResourcesInfo().filter((name) => /TCP|Pipe/.test(name));
  }
  return readdirSync(DESCRIPTORS).filter((name) => {
    try {
      return fstatSync(Number(name)).isSocket();
    } catch {
      return false; // that of the listing itself
    }
  });
}

const DESCRIPTORS = "/dev/fd";

/** Waits until no more sockets and servers are open than in `before`. Returns the open ones. */
export async function untilClosed(before: readonly string[]): Promise<string[]> {
  for (let i = 0; i < 2_000 && openHandles().length > before.length; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const left = openHandles();
  return left.length > before.length ? left : [...before];
}
