// Detects the death of another thread, which no event announces.
//
// Node: one thread sends the other a port, which closes when either thread dies.
// Browsers: each thread holds a named lock that the other waits for. Without locks, as on an
// insecure page, a death goes unnoticed.
//
// A loop that closes needs no such watch, because it sends a message.

import { LivenessProbe } from "./livenessProbe.ts";
import { performance, setTimeout } from "./timers.ts";

/** Watches another thread. */
export interface ThreadWatch {
  /**
   * Whether the other thread was already dead when the watch began. If so, the callback `onDead` of
   * `watchThread` is called too, but not while this thread is blocked.
   */
  readonly isDead: boolean;
  /** The ports that a blocked thread has to read. */
  readonly ports: readonly object[];
  /** Called repeatedly while this thread is blocked. */
  onBlocked?(): void;
  /** Stops watching. */
  stop(): void;
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

/**
 * If a watcher doesn't find the lock of a thread: how many times it looks again, and how many
 * milliseconds it waits before each of these looks. On a busy machine, the thread's ticket can
 * arrive before the thread's request for the lock.
 */
const LOOKS = 15;
const LOOK_DELAY = 200;

/**
 * How old a watch must be, in milliseconds, before it starts a probe while this thread is blocked.
 * A younger watch starts none, because each probe starts a thread of its own.
 */
const PROBE_DELAY = 100;

/** Ports that other threads have sent, and the watches that wait for one, by name. */
const received = /* @__PURE__ */ new Map<string, Port>();
const awaited = /* @__PURE__ */ new Map<string, (port: Port) => void>();
let isListening = false;

/** How many received ports are kept for watches that may never start. */
const MAX_RECEIVED = 1_000;

/** Returns the id under which other threads can reach this one; undefined if they cannot. */
export function listenForThreads(): number | undefined {
  const { process } = globalThis as Platform;
  const threads = builtinThreads();
  if (threads?.postMessageToThread === undefined) return undefined;
  if (!isListening) process?.on("workerMessage", onWorkerMessage);
  isListening = true;
  return threads.threadId;
}

/**
 * Returns Node's module `worker_threads`, if it exists. On edge runtimes, the functions of
 * `process` throw.
 */
function builtinThreads(): Threads | undefined {
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.("node:worker_threads");
  } catch {
    return undefined; // such a process has no threads
  }
}

function onWorkerMessage(value: unknown): void {
  const { mysyncioWatch: name, port } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string") return;
  const sentPort = port as Port;
  sentPort.unref();
  const take = awaited.get(name);
  awaited.delete(name);
  if (take !== undefined) take(sentPort);
  else if (received.size < MAX_RECEIVED) received.set(name, sentPort);
}

/**
 * Lets other threads detect by `name` when this thread dies. Calls `onClaimed` once they can, or
 * once it is clear that they never can. Returns a function that releases the name.
 */
export function claimName(name: string, onClaimed: () => void): () => void {
  const lockManager = listenForThreads() === undefined ? locks() : undefined;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  if (lockManager === undefined) {
    onClaimed();
  } else {
    let isClaimed = false;
    const request = lockManager.request(name, () => {
      isClaimed = true;
      onClaimed();
      return released;
    });
    // Pages with an opaque origin may not use locks, so a death goes unnoticed there.
    request.catch((error: unknown) => {
      if (isClaimed) throw error;
      onClaimed();
    });
  }
  return () => release();
}

/**
 * Calls `onDead` when the thread that holds `name` has died.
 *
 * @param thread the id under which that thread can be reached. If undefined in Node, that thread
 * sends a port to this one.
 */
export function watchThread(
  name: string,
  thread: number | undefined,
  onDead: () => void,
): ThreadWatch {
  const here = listenForThreads();
  if (here === undefined) return watchLock(name, onDead);
  if (thread === here) return { isDead: false, ports: [], stop: () => undefined };
  return thread === undefined ? awaitPort(name, onDead) : sendPort(name, thread, onDead);
}

function watchLock(name: string, onDead: () => void): ThreadWatch {
  const controller = new AbortController();
  const { signal } = controller;
  /** Requests the lock in shared mode, so that watchers don't wait for each other. */
  const request = (options: LockOptions, onGranted: (lock: Lock | null) => void) => {
    if (signal.aborted) return;
    void locks()
      ?.request(name, { mode: "shared", ...options }, (lock) => {
        if (!signal.aborted) onGranted(lock);
      })
      .catch(() => undefined); // aborted
  };
  const look = (left: number): void =>
    request({ ifAvailable: true }, (lock) => {
      // Not available: the thread holds the lock, or is the next in line.
      if (lock === null) request({ signal }, onDead);
      else if (left > 0) setTimeout(look, LOOK_DELAY, left - 1);
      else onDead();
    });
  look(LOOKS);
  return { isDead: false, ports: [], stop: () => controller.abort() };
}

function awaitPort(name: string, onDead: () => void): ThreadWatch {
  const ports: Port[] = [];
  const take = (port: Port) => {
    ports.push(port);
    port.on("close", onDead);
  };
  const port = received.get(name);
  if (port === undefined) awaited.set(name, take);
  else take(port);
  received.delete(name);
  const stop = () => {
    awaited.delete(name);
    for (const taken of ports.splice(0)) taken.close();
  };
  return { isDead: false, ports, stop };
}

function sendPort(name: string, thread: number, onDead: () => void): ThreadWatch {
  const threads = builtinThreads();
  const { threadId, MessageChannel, postMessageToThread } = threads as Threads;
  const { port1, port2 } = new MessageChannel();
  port1.on("close", onDead);
  port1.unref();
  postMessageToThread?.(thread, { mysyncioWatch: name, port: port2 }, [port2]).catch(onDead);
  // If sending had succeeded, the port would be gone from this thread.
  const isDead = isOpen(port2);
  // The main thread outlives all others, and knows when they end.
  if (thread === 0 || threadId === 0) return { isDead, ports: [port1], stop: () => port1.close() };
  const ports: object[] = [port1];
  const sentAt = performance.now();
  let probe: LivenessProbe | undefined;
  return {
    isDead,
    ports,
    onBlocked() {
      // The receiver may be gone. Only the promise of `postMessageToThread` would report that, and
      // it can't settle while this thread is blocked.
      if (probe !== undefined || performance.now() - sentAt < PROBE_DELAY) return;
      probe = new LivenessProbe(threads as object, thread, onDead);
      ports.push(probe.port);
    },
    stop() {
      port1.close();
      probe?.stop();
    },
  };
}

/**
 * Returns whether a port is open, by trying to transfer it, because there is no other way to know.
 * The port stays, because the rest of the message cannot be cloned.
 */
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
    // The clone always fails: at the function if the port could be transferred, otherwise before.
    // `open` says which.
  }
  return open;
}

function locks(): LockManager | undefined {
  return (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks;
}
