// Attaches to a Node process that was not prepared for it, and leaves the process unchanged.
//
//   /proc: is it Node, is it ours ──> SIGUSR1 ──> its port, by the inodes of its sockets ──> CDP
//
// SIGUSR1 makes Node open its inspector, even while JavaScript never returns to the event loop.
// What this command evaluates in the process then runs in the middle of that JavaScript. Once this
// command is connected, it asks the process to close its inspector when nobody is connected any
// more. The process does so even if this command is killed. If this command ends before it is
// connected, the next command asks instead: see openingMarks.ts. An inspector that no command has
// opened stays open, because somebody else uses it.

import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { DevToolsClient } from "./devToolsClient.ts";
import { ANSWER, EvaluatingTarget } from "./evaluatingTarget.ts";
import { isMarked, markOpening, unmark } from "./openingMarks.ts";
import { checkCatchesSignal, isTaken, listeningPorts, portsInOptions } from "./processFacts.ts";
import { leaveWhenStopped } from "./stopping.ts";
import { TargetError } from "./target.ts";

/** The port that SIGUSR1 opens unless the process was started with another one. */
const DEFAULT_PORT = 9229;
/** How often to look for new ports, in milliseconds. */
const POLL = 20;
/**
 * How long to wait for a new port before trying the ports that were already open, in milliseconds.
 */
const SILENCE = 500;

/**
 * Opens the inspector of a process, unless it is open, and connects to it.
 *
 * @param opening how long the process may take to open its inspector, in milliseconds
 * @throws TargetError if the process can't be inspected
 */
export async function attachToProcess(pid: number, opening: number): Promise<DevToolsClient> {
  const before = listeningPorts(pid);
  // Tries only likely ports, because the others may be servers of the program.
  const likely = [DEFAULT_PORT, ...portsInOptions(pid)].filter((port) => before.includes(port));
  const open = await connectToAny(pid, likely);
  if (open !== undefined) return isMarked(pid) ? closingLater(pid, open) : open.client;
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await openInspector(pid, before, opening, () => isInterrupted);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** Signals the process, and connects to the port that it opens within `opening` milliseconds. */
async function openInspector(
  pid: number,
  before: readonly number[],
  opening: number,
  isInterrupted: () => boolean,
): Promise<DevToolsClient> {
  const wasMarked = isMarked(pid);
  signal(pid);
  const began = performance.now();
  const known = new Set(before);
  let haveLooked = false;
  let wasBlocked = false;
  for (let took = 0; took < opening && !isInterrupted(); took = performance.now() - began) {
    const ports = listeningPorts(pid);
    const found = await connectToAny(
      pid,
      ports.filter((port) => !known.has(port)),
    );
    if (found !== undefined) {
      const client = await closingLater(pid, found);
      if (!isInterrupted()) return client;
      await client.close();
      throw new TargetError("Interrupted");
    }
    if (!haveLooked && took > SILENCE) {
      haveLooked = true;
      // The inspector may have been open before this command, on a port that no option names, or
      // may have opened just before the ports were read.
      const old = await connectToAny(pid, [...known]);
      if (old !== undefined && wasMarked) return closingLater(pid, old);
      if (old !== undefined) {
        unmark(pid);
        return old.client;
      }
    }
    // If the inspector of an earlier command was just closing, the process ignored the signal. Once
    // that inspector's port is closed, the signal is sent again.
    const closed = [...known].filter((port) => !ports.includes(port));
    for (const port of closed) known.delete(port);
    // The default port may be taken for a while by a process that another command inspects. When
    // that port is free again, the signal is sent again.
    const isBlocked = isTaken(DEFAULT_PORT);
    if (closed.length > 0 || (wasBlocked && !isBlocked)) signal(pid);
    wasBlocked = isBlocked;
    await delay(POLL);
  }
  const later =
    "If it opens its inspector later, the next command for this process closes it again";
  if (isInterrupted()) throw new TargetError(`Interrupted. ${later}`);
  throw new TargetError(
    `Process ${pid} didn't open its inspector within ${opening / 1000} seconds: ${
      isTaken(DEFAULT_PORT)
        ? `port ${DEFAULT_PORT} is taken by another process`
        : "it may handle SIGUSR1 itself, or wait for a synchronous child process"
    }. Start it with \`node --import mysyncio/inspector/register\` to need no signal and no port. ${later}`,
  );
}

/** Makes the process close its inspector once nobody is connected, and returns the client. */
async function closingLater(pid: number, { client, port }: Connection): Promise<DevToolsClient> {
  const target = new EvaluatingTarget(client, false);
  await orLeave(client, target.call("closeWhenUnused", port));
  unmark(pid);
  return client;
}

function signal(pid: number): void {
  checkCatchesSignal(pid);
  markOpening(pid);
  try {
    process.kill(pid, "SIGUSR1");
  } catch (cause) {
    throw new TargetError(`Process ${pid} has ended, or may not be signalled`, { cause });
  }
}

interface Connection {
  readonly client: DevToolsClient;
  readonly port: number;
}

async function connectToAny(
  pid: number,
  ports: readonly number[],
): Promise<Connection | undefined> {
  for (const port of new Set(ports)) {
    const path = await pathOfTarget(port);
    if (path === undefined) continue;
    const client = await DevToolsClient.connect(new URL(`ws://127.0.0.1:${port}${path}`), ANSWER);
    const pidOfTarget = client.send<{ result: { value?: unknown } }>(
      "Runtime.evaluate",
      { expression: "process.pid", returnByValue: true },
      ANSWER,
    );
    const [{ result }] = await orLeave(client, Promise.all([pidOfTarget, leaveAtExit(client)]));
    if (result.value === pid) return { client, port };
    await client.close();
  }
  return undefined;
}

/**
 * Waits for `answer`, and disconnects if it rejects. If the connection stayed open, this command
 * would not end, nor would the process if it is exiting.
 */
async function orLeave<T>(client: DevToolsClient, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    client.leave();
    throw error;
  }
}

/**
 * Disconnects when the inspected process exits, and before this command is stopped with Ctrl+Z.
 * Otherwise that process would wait for this command.
 */
export async function leaveAtExit(client: DevToolsClient): Promise<void> {
  leaveWhenStopped(client);
  client.on("NodeRuntime.waitingForDisconnect", () => client.leave());
  await client.send("NodeRuntime.notifyWhenWaitingForDisconnect", { enabled: true }, ANSWER);
}

/** Returns the path of the DevTools target on a port; undefined if no inspector listens there. */
function pathOfTarget(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(
      { host: "127.0.0.1", port, path: "/json/list", timeout: 1_000 },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
          // This is some other server, whose response may be endless.
          if (text.length > 100_000) request.destroy();
        });
        answer.on("end", () =>
          resolve(/"webSocketDebuggerUrl":\s*"ws:\/\/[^/"]+([^"]+)"/.exec(text)?.[1]),
        );
        answer.on("error", () => resolve(undefined));
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}
