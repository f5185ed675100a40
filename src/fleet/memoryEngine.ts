// An engine without a server. Calls wait and run in this process.
//
// A call submitted on a loop runs on that loop, in its time. With a virtual clock, everything is
// virtual and can be explored. A call submitted outside any loop runs on the loop of callLoop.ts.

import { checkCount, checkOptions } from "../lang/arguments.ts";
import type { ContextVar } from "../loop/context.ts";
import { setTimeout } from "../loop/hosts/timers.ts";
import type { EventLoop } from "../program/eventLoop.ts";
import { CallServer } from "./callServer.ts";
import type {
  CallOutcome,
  ConsumeOptions,
  Consumer,
  Counts,
  Delivery,
  FleetEngine,
  FleetQueue,
  MaybePromise,
  Presence,
  Timers,
  WireCall,
} from "./engine.ts";
import { MemoryConsumer } from "./memoryConsumer.ts";
import { MemoryStore, type SignalListener, type Submitted } from "./memoryStore.ts";
import { TaskRegistry } from "./registry.ts";

/** The options of `memoryEngine`. */
export interface MemoryEngineOptions {
  /** How many calls of each queue the engine itself runs at a time; 64 by default. */
  readonly concurrency?: number | undefined;
}

const CONCURRENCY = 64;
/** 0, because workers run in this process, so clients never need to wait for a lease to end. */
const LEASE = 0;

/**
 * Creates an engine that runs calls in this process, without a server: for tests and first steps.
 * Executors and workers that share it see the same queues. While it has no workers, it runs all
 * calls of its executors itself; coroutine functions run as tasks of the loop that submitted them.
 *
 * Unlike in a fleet with a server, calls end with the process, and long computations block it.
 *
 * @throws TypeError, RangeError if an option is invalid.
 * @example
 * await using fleet = new FleetExecutor({ engine: memoryEngine() });
 */
export function memoryEngine(options: MemoryEngineOptions = {}): FleetEngine {
  checkOptions(options);
  const { concurrency = CONCURRENCY } = options;
  checkCount("concurrency", concurrency, 1);
  return new MemoryEngine(concurrency);
}

class MemoryEngine implements FleetEngine {
  readonly #concurrency: number;
  readonly #queues = new Map<string, MemoryStore>();
  /** The functions and context variables available to each queue's calls. */
  readonly #registries = new Map<MemoryStore, TaskRegistry>();

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  open(queue: string): FleetQueue {
    return new MemoryQueue(this.#store(queue));
  }

  readonly embed = (
    queue: string,
    name: string,
    fn: (...args: never[]) => unknown,
    variables: readonly ContextVar<unknown>[],
  ): void => {
    const store = this.#store(queue);
    let registry = this.#registries.get(store);
    if (registry === undefined) {
      registry = new TaskRegistry();
      this.#registries.set(store, registry);
      const server = new CallServer({ name: "memory", registry });
      const options = {
        name: "memory",
        // Each task is added to the registry only when it is called.
        tasks: [],
        concurrency: this.#concurrency,
        onError: reportLater,
      };
      store.embedded = new MemoryConsumer(store, options, (delivery) => server.handle(delivery));
    }
    registry.addFunction(name, fn);
    for (const variable of variables) registry.addVariable(variable);
  };

  #store(queue: string): MemoryStore {
    let store = this.#queues.get(queue);
    if (store === undefined) {
      store = new MemoryStore();
      this.#queues.set(queue, store);
    }
    return store;
  }
}

/** A queue, as one client or worker sees it. */
class MemoryQueue implements FleetQueue {
  readonly lease = LEASE;
  readonly #store: MemoryStore;
  #client = "";
  readonly #watched = new Set<string>();

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  timers(): Timers {
    return this.#store.timers();
  }

  listen(client: string, onSignal: SignalListener): void {
    this.#client = client;
    this.#store.listen(client, onSignal);
  }

  watch(id: string): void {
    this.#store.watch(id, this.#client);
    this.#watched.add(id);
  }

  unwatch(id: string): void {
    this.#store.unwatch(id, this.#client);
    this.#watched.delete(id);
  }

  submit(call: WireCall, onSend?: () => boolean): MaybePromise<Submitted> {
    const send = () => (onSend?.() === false ? "stored" : this.#store.submit(call));
    if (!this.#store.isEnding(call.id)) return send();
    const loop = this.#store.timers().loop as EventLoop;
    const reply = loop.createFuture<Submitted>();
    this.#store.whenFree(call.id, () => reply.setResult(send()));
    return reply as PromiseLike<Submitted>;
  }

  cancel(id: string): "withdrawn" | "running" | "missing" | "shared" {
    return this.#store.cancel(id, this.#client);
  }

  outcomes(ids: readonly string[]): (CallOutcome | Presence | undefined)[] {
    return ids.map((id) => this.#store.find(id, this.#client));
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.#store.outcomes.get(this.#client)?.delete(id);
  }

  consume(options: ConsumeOptions, onDelivery: (delivery: Delivery) => void): Consumer {
    const consumer = new MemoryConsumer(this.#store, options, onDelivery);
    this.#store.addConsumer(consumer);
    return consumer;
  }

  counts(): Counts {
    return this.#store.counts();
  }

  close(): void {
    for (const id of [...this.#watched]) this.unwatch(id);
    if (this.#client !== "") this.#store.loseClient(this.#client);
  }
}

/** Throws an error as an uncaught exception, because it has no other receiver. */
function reportLater(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
