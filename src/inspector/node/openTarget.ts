// Parses the address of a target, and connects to it.

import { attachToProcess, leaveAtExit } from "./attach.ts";
import { DevToolsClient } from "./devToolsClient.ts";
import { ANSWER, EvaluatingTarget } from "./evaluatingTarget.ts";
import { checkProcess, helperSocket } from "./processFacts.ts";
import { SocketTarget } from "./socketTarget.ts";
import { type Target, TargetError } from "./target.ts";
import { findWorker, Workers } from "./workerSession.ts";

/** Where a target is. */
type TargetAddress =
  | { readonly kind: "process"; readonly pid: number }
  | { readonly kind: "worker"; readonly pid: number; readonly worker: string }
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "page"; readonly url: URL };

/** Parses an address given to the command. Returns undefined if `text` isn't an address. */
export function parseAddress(text: string): TargetAddress | undefined {
  const [, pid, worker] = /^([1-9]\d{0,9})(?:\/(.+))?$/.exec(text) ?? [];
  if (pid !== undefined && worker === undefined) return { kind: "process", pid: Number(pid) };
  if (pid !== undefined && worker !== undefined) {
    return { kind: "worker", pid: Number(pid), worker };
  }
  if (/^ws:\/\//.test(text) && URL.canParse(text)) return { kind: "page", url: new URL(text) };
  return text.includes("/") && !/^\w+:\/\//.test(text) ? { kind: "socket", path: text } : undefined;
}

/**
 * Connects to a target.
 *
 * @param opening how long a process may take to open its inspector, in milliseconds
 * @throws TargetError if the target can't be inspected
 */
export async function openTarget(address: TargetAddress, opening: number): Promise<Target> {
  switch (address.kind) {
    case "socket":
      return SocketTarget.connect(address.path);
    case "page":
      return openPage(address.url);
    case "worker": {
      checkProcess(address.pid);
      const path = helperSocket(address.pid);
      if (path !== undefined) return SocketTarget.connectToWorker(path, address.worker);
      const client = await attachToProcess(address.pid, opening);
      try {
        const { session } = findWorker(await new Workers(client).list(), address.worker);
        return new EvaluatingTarget(session, false);
      } catch (error) {
        await client.close();
        throw error;
      }
    }
    case "process": {
      checkProcess(address.pid);
      const path = helperSocket(address.pid);
      if (path !== undefined) return SocketTarget.connect(path);
      return new ProcessTarget(await attachToProcess(address.pid, opening));
    }
  }
}

/** The main thread of a process, through which its other threads can be reached. */
class ProcessTarget extends EvaluatingTarget {
  readonly #workers: Workers;
  readonly #threads = new Map<number, EvaluatingTarget>();

  constructor(client: DevToolsClient) {
    super(client, false);
    this.#workers = new Workers(client);
  }

  async threads(): Promise<ReadonlyMap<number, Target>> {
    const running = new Map<number, Target>();
    for (const { thread, session } of await this.#workers.list()) {
      const target = this.#threads.get(thread) ?? new EvaluatingTarget(session, false);
      this.#threads.set(thread, target);
      running.set(thread, target);
    }
    return running;
  }

  override async close(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((target) => target.release()));
    await super.close();
  }
}

async function openPage(url: URL): Promise<Target> {
  // The protocol is not encrypted, and gives full control over the browser.
  if (!["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)) {
    throw new TargetError(
      `Only DevTools addresses of this machine are accepted, such as ws://127.0.0.1:9222/devtools/page/…, not those of ${url.hostname}`,
    );
  }
  const client = await DevToolsClient.connect(url, ANSWER);
  await leaveAtExit(client).catch(() => undefined); // only Node supports this
  return new EvaluatingTarget(client, true);
}
