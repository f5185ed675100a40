// Sessions of worker threads, over the connection to their process.

import { DevToolsRequests, type DevToolsSession } from "./devToolsRequests.ts";
import { ANSWER } from "./evaluatingTarget.ts";
import { TargetError } from "./target.ts";

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string; readonly url: string };
}

/** A worker thread that can be inspected. */
export interface WorkerThread {
  readonly thread: number;
  /** The worker's name; empty if it has none. */
  readonly name: string;
  readonly url: string;
}

/** A worker and the session that evaluates in it. */
interface ConnectedThread extends WorkerThread {
  readonly session: DevToolsSession;
}

/**
 * Finds a worker by its thread id or its name.
 *
 * @throws TargetError if the process has no such worker
 */
export function findWorker<T extends WorkerThread>(workers: readonly T[], which: string): T {
  const found = workers.find(({ thread, name }) => String(thread) === which || name === which);
  if (found !== undefined) return found;
  const known = workers.map(({ thread, name, url }) => `${thread} (${name || url})`);
  throw new TargetError(
    `The process has no worker "${which}": ${known.length === 0 ? "it has none" : `its workers are ${known.join(", ")}`}`,
  );
}

/** The workers of a process, over one connection. Also connects to workers that start later. */
export class Workers {
  readonly #client: DevToolsSession;
  readonly #attached = new Map<string, Attached & { readonly session: WorkerSession }>();
  #enabled: Promise<unknown> | undefined;

  constructor(client: DevToolsSession) {
    this.#client = client;
  }

  /** Returns the running workers, in the order of their threads. */
  async list(): Promise<ConnectedThread[]> {
    this.#enabled ??= this.#enable();
    await this.#enabled;
    const workers = [...this.#attached.values()].map(async ({ workerInfo, session }) => {
      const expression = `process.getBuiltinModule("node:worker_threads").threadId`;
      const params = { expression, returnByValue: true };
      try {
        const { result } = await session.send<{ result: { value: number } }>(
          "Runtime.evaluate",
          params,
          ANSWER,
        );
        const { title, url } = workerInfo;
        return [{ thread: result.value, name: nameIn(title), url, session }];
      } catch {
        return []; // it has ended in the meantime
      }
    });
    return (await Promise.all(workers)).flat().sort((a, b) => a.thread - b.thread);
  }

  #enable(): Promise<unknown> {
    const client = this.#client;
    client.onEnd?.((error) => {
      for (const { session } of this.#attached.values()) session.end(error);
    });
    client.on<Attached>("NodeWorker.attachedToWorker", (worker) => {
      const session = new WorkerSession(client, worker.sessionId);
      this.#attached.set(worker.sessionId, { ...worker, session });
    });
    client.on<{ sessionId: string }>("NodeWorker.detachedFromWorker", ({ sessionId }) => {
      this.#attached.get(sessionId)?.session.end(new TargetError("The worker has ended"));
      this.#attached.delete(sessionId);
    });
    client.on<{ sessionId: string; message: string }>(
      "NodeWorker.receivedMessageFromWorker",
      ({ sessionId, message }) => this.#attached.get(sessionId)?.session.onMessage(message),
    );
    return client.send("NodeWorker.enable", { waitForDebuggerOnStart: false }, ANSWER);
  }
}

/** Returns the name in a title such as `[worker 1] name`. */
function nameIn(title: string): string {
  return /^\[worker \d+\] (.*)$/.exec(title)?.[1] ?? "";
}

class WorkerSession implements DevToolsSession {
  readonly #client: DevToolsSession;
  readonly #requests: DevToolsRequests;

  constructor(client: DevToolsSession, sessionId: string) {
    this.#client = client;
    this.#requests = new DevToolsRequests((message) => {
      client
        .send("NodeWorker.sendMessageToWorker", { sessionId, message }, ANSWER)
        .catch((error) => this.#requests.end(error));
    });
  }

  on<P>(event: string, listener: (params: P) => void): void {
    this.#requests.on(event, listener);
  }

  send<R>(method: string, params: object, timeout: number): Promise<R> {
    return this.#requests.send(method, params, timeout);
  }

  /** Ends the connection to the process too. */
  async close(): Promise<void> {
    await this.#client.send("NodeWorker.disable", {}, ANSWER).catch(() => undefined); // it may have ended
    await this.#client.close();
  }

  onMessage(message: string): void {
    this.#requests.receive(message);
  }

  /** Rejects all pending and later requests. */
  end(error: Error): void {
    this.#requests.end(error);
  }
}
