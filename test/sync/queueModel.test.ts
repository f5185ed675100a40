// Random programs over queues, compared with a model that sorts an array.

import * as fc from "fast-check";
import { test } from "vitest";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
} from "../../src/index.ts";
import { expectAsModel, type ModelTask, type ModelWorld, type Steps, waitIn } from "./world.ts";

interface Item {
  readonly rank: number;
  readonly id: number;
}

interface Pipe {
  put(item: Item): Steps<unknown>;
  putNowait(item: Item): void;
  get(): Steps<unknown>;
  getNowait(): unknown;
  taskDone(): void;
  join(): Steps<unknown>;
  qsize(): number;
  empty(): boolean;
  full(): boolean;
  shutdown(immediate?: boolean): void;
}

interface Stored {
  readonly item: Item;
  /** The put that it came from. An item that is put back keeps it. */
  readonly seq: number;
}

type Order = (a: Stored, b: Stored) => number;

const fifo: Order = (a, b) => a.seq - b.seq;
const lifo: Order = (a, b) => b.seq - a.seq;
const byRank: Order = (a, b) => a.item.rank - b.item.rank || a.seq - b.seq;

class ModelQueue implements Pipe {
  readonly #world: ModelWorld;
  readonly #maxsize: number;
  readonly #order: Order;
  readonly #getters: ModelTask[] = [];
  readonly #putters: ModelTask[] = [];
  readonly #joiners: ModelTask[] = [];
  readonly #stored: Stored[] = [];
  #puts = 0;
  #unfinished = 0;
  #state: "open" | "draining" | "closed" = "open";

  constructor(world: ModelWorld, maxsize: number, order: Order) {
    this.#world = world;
    this.#maxsize = maxsize;
    this.#order = order;
  }

  *put(item: Item): Steps<unknown> {
    this.#checkOpen();
    if (this.full()) return yield waitIn(this.#putters, undefined, item);
    this.#accept(item);
    return undefined;
  }

  putNowait(item: Item): void {
    this.#checkOpen();
    if (this.full()) throw new QueueFull("full");
    this.#accept(item);
  }

  *get(): Steps<unknown> {
    if (!this.empty()) return this.#take();
    this.#checkOpen();
    const { item } = (yield waitIn(this.#getters, (stored: Stored) =>
      this.#return(stored),
    )) as Stored;
    return item;
  }

  getNowait(): unknown {
    if (!this.empty()) return this.#take();
    this.#checkOpen();
    throw new QueueEmpty("empty");
  }

  taskDone(): void {
    if (this.#unfinished === 0) throw new RangeError("too often");
    this.#finish();
  }

  *join(): Steps<void> {
    if (this.#unfinished > 0) yield waitIn(this.#joiners);
  }

  qsize(): number {
    return this.#stored.length;
  }

  empty(): boolean {
    return this.#stored.length === 0;
  }

  full(): boolean {
    return this.#maxsize > 0 && this.#stored.length >= this.#maxsize;
  }

  shutdown(immediate = false): void {
    if (this.#state !== "closed") this.#state = immediate ? "closed" : "draining";
    this.#world.failAll(this.#getters, new QueueShutDown("shut down"));
    this.#world.failAll(this.#putters, new QueueShutDown("shut down"));
    if (immediate) for (const _ of this.#stored.splice(0)) this.#finish();
  }

  #accept(item: Item): void {
    this.#unfinished++;
    const stored = { item, seq: this.#puts++ };
    if (!this.#world.serve(this.#getters, stored)) this.#stored.push(stored);
  }

  #take(): Item {
    this.#stored.sort(this.#order);
    const { item } = this.#stored.shift()!;
    while (!this.full() && this.#putters.length > 0) {
      this.#accept(this.#putters[0]!.wait!.offer as Item);
      this.#world.serve(this.#putters, undefined);
    }
    return item;
  }

  #return(stored: Stored): void {
    if (this.#world.serve(this.#getters, stored)) return;
    if (this.#state === "closed") this.#finish();
    else this.#stored.push(stored);
  }

  #finish(): void {
    if (this.#unfinished === 0 || --this.#unfinished > 0) return;
    while (this.#world.serve(this.#joiners, undefined));
  }

  #checkOpen(): void {
    if (this.#state !== "open") throw new QueueShutDown("shut down");
  }
}

type Op =
  | { readonly kind: "put" | "putNowait"; readonly item: Item }
  | {
      readonly kind: "get" | "getNowait" | "taskDone" | "join" | "qsize" | "empty" | "full";
    }
  | { readonly kind: "shutdown"; readonly immediate: boolean };

const ops: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom("put", "putNowait"),
      item: fc.record({ rank: fc.nat(2), id: fc.nat(99) }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom("get", "get", "get", "getNowait") }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("taskDone", "taskDone", "join", "qsize", "empty", "full"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("shutdown" as const), immediate: fc.boolean() }),
  },
);

function* use(queue: Pipe, op: Op): Steps<unknown> {
  switch (op.kind) {
    case "put":
      return yield* queue.put(op.item);
    case "putNowait":
      return queue.putNowait(op.item);
    case "get":
    case "join":
      return yield* queue[op.kind]();
    case "shutdown":
      return queue.shutdown(op.immediate);
    default:
      return queue[op.kind]();
  }
}

test.each([0, 1, 2])("a queue of maxsize %i behaves like its model", (maxsize) => {
  expectAsModel(
    ops,
    () => new Queue<Item>(maxsize) as Pipe,
    (world) => new ModelQueue(world, maxsize, fifo),
    use,
  );
});

test.each([0, 1, 2])("a stack of maxsize %i behaves like its model", (maxsize) => {
  expectAsModel(
    ops,
    () => new LifoQueue<Item>(maxsize) as Pipe,
    (world) => new ModelQueue(world, maxsize, lifo),
    use,
  );
});

test.each([0, 1, 2, 5])("a priority queue of maxsize %i behaves like its model", (maxsize) => {
  expectAsModel(
    ops,
    () => new PriorityQueue<Item>(maxsize, { compare: (a, b) => a.rank - b.rank }) as Pipe,
    (world) => new ModelQueue(world, maxsize, byRank),
    use,
  );
});
