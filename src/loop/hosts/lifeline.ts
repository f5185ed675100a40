// How a thread learns that another one has died, which nobody announces.
//
// Node: one sends the other the end of a port, which closes with its thread.
// Browsers: each holds a lock by a name that the other waits for. Without locks, as on
// a page that is not secure, a death goes unnoticed; who closes its loop says so itself.

import { Inquiry } from "./inquiry.ts";
import { performance, setTimeout } from "./timers.ts";

/** Ends when a thread dies. */
export interface Lifeline {
  /** Whether the thread was dead already. `onDead` is called for that too, but not while our own thread is blocked. */
  readonly isDead: boolean;
  /** The ports that a blocked thread has to ask. */
  readonly ports: readonly object[];
  /** Our thread is blocked. Called again and again. */
  onBlocked?(): void;
  /** Cuts it: nobody is told any more. */
  cut(): void;
}

interface Port {
  on(event: "close", listener: () => void): void;
  unref(): void;
  close(): void;
}

interface Threads {
  readonly threadId: number;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
  postMessageToThread?(thread: number, value: unknown, transfer: unknown[]): Promise<void>;
}

interface Platform {
  readonly process?: {
    getBuiltinModule?(name: "node:worker_threads"): Threads;
    on(event: "workerMessage", listener: (value: unknown) => void): void;
  };
}

/** How many milliseconds a thread has to come by its lock, which another thread may ask for just as early. */
const LOCK_GRACE = 200;

/** After how many milliseconds a blocked thread has a third one ask for another: that costs a thread. */
const INQUIRY_GRACE = 100;

/** The ends that others have sent, and those who wait for one, by name. */
const sent = /* @__PURE__ */ new Map<string, Port>();
const awaited = /* @__PURE__ */ new Map<string, (port: Port) => void>();
let isListening = false;

/** How many ends are kept that nobody asks for: their names were never said. */
const MOST_SENT = 1_000;

/** The number under which other threads can reach this one; undefined where they cannot. */
export function reachableThread(): number | undefined {
  const { process } = globalThis as Platform;
  const threads = builtinThreads();
  if (threads?.postMessageToThread === undefined) return undefined;
  if (!isListening) process?.on("workerMessage", onWorkerMessage);
  isListening = true;
  return threads.threadId;
}

/** Node's module of threads, where there is one. Edge runtimes have a `process` whose functions throw. */
function builtinThreads(): Threads | undefined {
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.("node:worker_threads");
  } catch {
    return undefined;
  }
}

function onWorkerMessage(value: unknown): void {
  const { mysyncioLifeline: name, port } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string") return;
  const end = port as Port;
  end.unref();
  const take = awaited.get(name);
  awaited.delete(name);
  if (take !== undefined) take(end);
  else if (sent.size < MOST_SENT) sent.set(name, end);
}

/** Lets others notice by `name` when this thread dies, and calls `onHeld` once they can. Returns what ends that. */
export function holdName(name: string, onHeld: () => void): () => void {
  const lockManager = reachableThread() === undefined ? locks() : undefined;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  if (lockManager === undefined) {
    onHeld();
  } else {
    let isHeld = false;
    const request = lockManager.request(name, () => {
      isHeld = true;
      onHeld();
      return held;
    });
    // Pages without an origin of their own may not ask for locks. A death goes unnoticed there.
    request.catch((error: unknown) => {
      if (isHeld) throw error;
      onHeld();
    });
  }
  return () => release();
}

/**
 * Calls `onDead` when the thread has died that holds `name`.
 *
 * @param thread its number, if it can be reached. Without one, it is that thread which sends us the end of a port.
 */
export function watchThread(
  name: string,
  thread: number | undefined,
  onDead: () => void,
): Lifeline {
  const here = reachableThread();
  if (here === undefined) return watchLock(name, onDead);
  if (thread === here) return { isDead: false, ports: [], cut: () => undefined };
  return thread === undefined ? awaitEnd(name, onDead) : sendEnd(name, thread, onDead);
}

function watchLock(name: string, onDead: () => void): Lifeline {
  const controller = new AbortController();
  const { signal } = controller;
  const whenFree = (callback: () => void) => {
    if (signal.aborted) return;
    void locks()
      ?.request(name, { signal }, () => {
        if (!signal.aborted) callback();
      })
      .catch(() => undefined); // aborted
  };
  // The first time it may not have come to have it.
  whenFree(() => setTimeout(whenFree, LOCK_GRACE, onDead));
  return { isDead: false, ports: [], cut: () => controller.abort() };
}

function awaitEnd(name: string, onDead: () => void): Lifeline {
  const ports: Port[] = [];
  const take = (port: Port) => {
    ports.push(port);
    port.on("close", onDead);
  };
  const port = sent.get(name);
  if (port === undefined) awaited.set(name, take);
  else take(port);
  sent.delete(name);
  const cut = () => {
    awaited.delete(name);
    for (const taken of ports.splice(0)) taken.close();
  };
  return { isDead: false, ports, cut };
}

function sendEnd(name: string, thread: number, onDead: () => void): Lifeline {
  const threads = builtinThreads();
  const { threadId, MessageChannel, postMessageToThread } = threads as Threads;
  const { port1, port2 } = new MessageChannel();
  port1.on("close", onDead);
  port1.unref();
  postMessageToThread?.(thread, { mysyncioLifeline: name, port: port2 }, [port2]).catch(onDead);
  // Had it been sent, it would not be ours any more.
  const isDead = isOpen(port2);
  // The main thread outlives all others, and knows them.
  if (thread === 0 || threadId === 0) return { isDead, ports: [port1], cut: () => port1.close() };
  const ports: object[] = [port1];
  const sentAt = performance.now();
  let inquiry: Inquiry | undefined;
  return {
    isDead,
    ports,
    onBlocked() {
      // Where it was sent to, nobody may be: the answer is a promise.
      if (inquiry !== undefined || performance.now() - sentAt < INQUIRY_GRACE) return;
      inquiry = new Inquiry(threads as object, thread, onDead);
      ports.push(inquiry.port);
    },
    cut() {
      port1.close();
      inquiry?.end();
    },
  };
}

/** Whether a port could be transferred: nothing else tells. It stays, because what goes along cannot be cloned. */
export function isOpen(port: object): boolean {
  let open = false;
  const value = {
    get afterwards(): unknown {
      open = true;
      return isOpen;
    },
  };
  try {
    structuredClone(value, { transfer: [port as never] });
  } catch {
    // in any case
  }
  return open;
}

function locks(): LockManager | undefined {
  return (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks;
}
