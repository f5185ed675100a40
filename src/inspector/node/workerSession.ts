// A session of a worker thread, over the connection to its process.

import type { DevToolsClient } from "./devToolsClient.ts";
import { DevToolsRequests, type DevToolsSession } from "./devToolsRequests.ts";
import { ANSWER } from "./evaluatingTarget.ts";
import { TargetError } from "./target.ts";

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string; readonly url: string };
}

/** A worker thread that can be looked into. */
interface Worker {
  readonly thread: number;
  readonly title: string;
  readonly url: string;
  readonly session: WorkerSession;
}

/**
 * Connects to a worker, by its thread id or its name.
 *
 * @throws TargetError if the process has no such worker
 */
export async function attachToWorker(
  client: DevToolsClient,
  which: string,
): Promise<WorkerSession> {
  const workers = await workersOf(client);
  const found = workers.find(
    ({ thread, title }) => String(thread) === which || nameIn(title) === which,
  );
  if (found !== undefined) return found.session;
  const known = workers.map(({ thread, title, url }) => `${thread} (${nameIn(title) || url})`);
  throw new TargetError(
    `The process has no worker "${which}": ${known.length === 0 ? "it has none" : `its workers are ${known.join(", ")}`}`,
  );
}

/** Connects to all workers of a process. Call it only once for each connection. */
export async function workersOf(client: DevToolsClient): Promise<Worker[]> {
  const sessions = new Map<string, WorkerSession>();
  const attached: Attached[] = [];
  client.on<Attached>("NodeWorker.attachedToWorker", (worker) => {
    attached.push(worker);
    sessions.set(worker.sessionId, new WorkerSession(client, worker.sessionId));
  });
  client.on<{ sessionId: string }>("NodeWorker.detachedFromWorker", ({ sessionId }) =>
    sessions.get(sessionId)?.end(),
  );
  client.on<{ sessionId: string; message: string }>(
    "NodeWorker.receivedMessageFromWorker",
    ({ sessionId, message }) => sessions.get(sessionId)?.onMessage(message),
  );
  await client.send("NodeWorker.enable", { waitForDebuggerOnStart: false }, ANSWER);
  const workers = attached.map(async ({ sessionId, workerInfo }): Promise<Worker[]> => {
    const session = sessions.get(sessionId) as WorkerSession;
    const expression = `process.getBuiltinModule("node:worker_threads").threadId`;
    const params = { expression, returnByValue: true };
    try {
      const { result } = await session.send<{ result: { value: number } }>(
        "Runtime.evaluate",
        params,
        ANSWER,
      );
      return [{ thread: result.value, ...workerInfo, session }];
    } catch {
      return []; // it has ended in the meantime
    }
  });
  return (await Promise.all(workers)).flat().sort((a, b) => a.thread - b.thread);
}

/** Returns the name in a title such as `[worker 1] name`. */
function nameIn(title: string): string {
  return /^\[worker \d+\] (.*)$/.exec(title)?.[1] ?? "";
}

class WorkerSession implements DevToolsSession {
  readonly #client: DevToolsClient;
  readonly #requests: DevToolsRequests;

  constructor(client: DevToolsClient, sessionId: string) {
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

  end(): void {
    this.#requests.end(new TargetError("The worker has ended"));
  }
}
