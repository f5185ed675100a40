// Queues, cancelled at every point. Each accepted item is taken exactly once. One file, because it
// is a list of scenarios.

import { expect } from "vitest";
import {
  type Coroutine,
  createTask,
  iterate,
  LifoQueue,
  moveOnAfter,
  PriorityQueue,
  Queue,
  QueueShutDown,
  sleep,
  timeout,
} from "../../src/index.ts";
import { type Scene, type Stage, testCancelPoints } from "../support/cancelPoints.ts";

/** The names of the tasks that only wait for items, and of those that only wait for room. */
const GETTERS = ["a", "b", "c"];
const PUTTERS = ["p", "q", "r"];
const NO_ITEM = Symbol("no item");

/** A queue, and a record of the items that went in and came out. */
class Depot {
  readonly queue: Queue<number>;
  readonly stage: Stage;
  /** The items that were certainly accepted. A put that was cancelled may or may not count. */
  readonly accepted: number[] = [];
  readonly got: number[] = [];
  #made = 0;

  constructor(stage: Stage, queue: Queue<number>) {
    this.stage = stage;
    this.queue = queue;
    const { got } = this;
    stage.release(() => {
      const left = stage.left();
      if (!queue.empty() && left.some((name) => GETTERS.includes(name))) {
        throw new Error("a getter waits beside an item");
      }
      if (!queue.full() && left.some((name) => PUTTERS.includes(name))) {
        throw new Error("a putter waits beside room");
      }
    });
    // A task that is not to be cancelled takes the rest, when no putter waits for room.
    stage.release(() => {
      createTask(() =>
        untilShutDown(function* () {
          for (;;) {
            got.push(yield* queue.get());
            queue.taskDone();
          }
        }),
      );
    });
    stage.release(() => queue.shutdown());
    stage.release(() => {
      // All items are done, so join() must not wait.
      createTask(() => timeout(0, () => queue.join()));
    });
    stage.check(() => {
      const items = this.got.toSorted((a, b) => a - b);
      expect(items, "an item came twice").toEqual([...new Set(items)]);
      expect(items, "an item got lost").toEqual(expect.arrayContaining(this.accepted));
      expect(queue.qsize()).toBe(0);
    });
  }

  make(): number {
    return this.#made++;
  }

  *put(item = this.make()): Coroutine<void> {
    yield* this.queue.put(item);
    this.accepted.push(item);
  }

  *use(get: () => Coroutine<number>): Coroutine<void> {
    this.got.push(yield* get());
    try {
      yield;
      this.stage.point();
    } finally {
      this.queue.taskDone();
    }
  }

  /** Takes the items in the queue, and those that enter as room becomes free. */
  takeAll(): void {
    while (!this.queue.empty()) {
      this.got.push(this.queue.getNowait());
      this.queue.taskDone();
    }
  }
}

/** Awaits an operation that may end because the queue was shut down. */
function* untilShutDown(body: () => Coroutine<void>): Coroutine<void> {
  try {
    yield* body();
  } catch (error) {
    if (!(error instanceof QueueShutDown)) throw error;
  }
}

function scenes(make: (maxsize: number) => Queue<number>): Record<string, Scene> {
  return {
    "two producers and two consumers, with room for one"(stage) {
      const depot = new Depot(stage, make(1));
      for (const name of ["p", "q"]) {
        stage.spawn(name, function* () {
          for (let i = 0; i < 2; i++) yield* depot.put();
        });
      }
      for (const name of ["a", "b"]) {
        stage.spawn(name, () =>
          untilShutDown(function* () {
            for (;;) yield* depot.use(() => depot.queue.get());
          }),
        );
      }
      stage.check(() => expect(depot.got.length).toBe(stage.isPeaceful ? 4 : depot.got.length));
    },
    "three consumers, and only two items"(stage) {
      const depot = new Depot(stage, make(0));
      for (const name of GETTERS) {
        stage.spawn(name, () => untilShutDown(() => depot.use(() => depot.queue.get())));
      }
      stage.spawn("p", function* () {
        yield* depot.put();
        yield* sleep(1);
        yield* depot.put();
      });
    },
    "three consumers, and items that arrive in the turn of a timeout"(stage) {
      const depot = new Depot(stage, make(0));
      for (const name of ["a", "b", "c"]) {
        stage.spawn(name, function* () {
          const item = yield* moveOnAfter(2, () => depot.queue.get());
          if (item === undefined) return;
          depot.got.push(item);
          depot.queue.taskDone();
        });
      }
      stage.later(2, () => {
        for (let i = 0; i < 2; i++) {
          const item = depot.make();
          depot.queue.putNowait(item);
          depot.accepted.push(item);
          stage.point();
        }
      });
    },
    "three producers, with room for one, and room that becomes free in the turn of a timeout"(
      stage,
    ) {
      const depot = new Depot(stage, make(1));
      for (const name of ["p", "q", "r"]) {
        stage.spawn(name, function* () {
          yield* moveOnAfter(2, () => depot.put());
        });
      }
      stage.later(2, () => depot.takeAll());
    },
  };
}

testCancelPoints("Queue", {
  ...scenes((maxsize) => new Queue(maxsize)),
  "one consumer, which takes all items in order"(stage) {
    const depot = new Depot(stage, new Queue(2));
    stage.spawn("a", () =>
      untilShutDown(function* () {
        for (;;) yield* depot.use(() => depot.queue.get());
      }),
    );
    stage.spawn("p", function* () {
      for (let i = 0; i < 4; i++) {
        yield* depot.put();
        stage.point();
      }
    });
    stage.check(() => expect(depot.got).toEqual(depot.got.toSorted((a, b) => a - b)));
  },
  "a task that awaits join()"(stage) {
    const depot = new Depot(stage, new Queue());
    stage.spawn("i", function* () {
      yield* depot.put();
      yield* depot.put();
      yield* depot.queue.join();
    });
    stage.spawn("j", () => depot.queue.join());
    for (const name of ["a", "b"]) {
      stage.spawn(name, () => untilShutDown(() => depot.use(() => depot.queue.get())));
    }
  },
  "two iterations, while another task shuts the queue down"(stage) {
    const depot = new Depot(stage, new Queue(1));
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        const items = iterate(depot.queue);
        for (let r = yield* items.next(); !r.done; r = yield* items.next()) {
          depot.got.push(r.value);
          depot.queue.taskDone();
          yield;
        }
      });
    }
    stage.spawn("p", () =>
      untilShutDown(function* () {
        for (let i = 0; i < 3; i++) yield* depot.put();
      }),
    );
    stage.spawn("s", function* () {
      yield* sleep(0);
      yield;
      depot.queue.shutdown();
    });
  },
  "an immediate shutdown in the turn of a hand-over"(stage) {
    const queue = new Queue<number>(1);
    for (const name of ["a", "b"]) {
      stage.spawn(name, () =>
        untilShutDown(function* () {
          for (;;) {
            yield* queue.get();
            queue.taskDone();
          }
        }),
      );
    }
    stage.spawn("p", () =>
      untilShutDown(function* () {
        for (let item = 0; ; item++) {
          yield* queue.put(item);
          stage.point();
          if (item % 2 === 1) yield;
        }
      }),
    );
    stage.spawn("j", () => queue.join());
    stage.later(0, () => {
      for (const item of [1, 2, 3]) if (!queue.full()) queue.putNowait(item);
      queue.shutdown(true);
      expect(queue.qsize()).toBe(0);
    });
    stage.release(() => {
      createTask(() => timeout(0, () => queue.join()));
    });
    stage.check(() => expect(queue.qsize()).toBe(0));
  },
  "one consumer outside the loop, and two in it"(stage) {
    const depot = new Depot(stage, new Queue());
    const outside = depot.queue[Symbol.asyncIterator]();
    void takeAll();
    async function takeAll(): Promise<void> {
      for await (const item of outside) {
        depot.got.push(item);
        depot.queue.taskDone();
      }
    }
    for (const name of ["a", "b"]) {
      stage.spawn(name, () => untilShutDown(() => depot.use(() => depot.queue.get())));
    }
    stage.spawn("p", function* () {
      for (let i = 0; i < 4; i++) {
        yield* depot.put();
        if (i % 2 === 0) yield* sleep(1);
      }
    });
  },
  "an iteration outside the loop that ends while it waits"(stage) {
    const depot = new Depot(stage, new Queue());
    const outside = depot.queue[Symbol.asyncIterator]();
    let taken: unknown = NO_ITEM;
    void outside.next().then((result) => {
      taken = result.value;
      if (result.done) return;
      depot.got.push(result.value);
      depot.queue.taskDone();
    });
    stage.spawn("a", () => untilShutDown(() => depot.use(() => depot.queue.get())));
    stage.spawn("p", function* () {
      yield* sleep(1);
      void outside.return?.();
      yield* depot.put();
    });
    stage.spawn("q", function* () {
      yield* sleep(1);
      yield* depot.put();
    });
    stage.check(() => expect(taken).not.toBe(NO_ITEM));
  },
});

testCancelPoints("PriorityQueue", {
  ...scenes((maxsize) => new PriorityQueue(maxsize, { compare: (a, b) => b - a })),
  "one consumer that takes everything, the smallest first"(stage) {
    const queue = new PriorityQueue<number>();
    for (const item of [3, 1, 2, 5, 4]) queue.putNowait(item);
    const got: number[] = [];
    stage.spawn("a", function* () {
      while (!queue.empty()) {
        got.push(yield* queue.get());
        yield;
      }
    });
    stage.release(() => {
      while (!queue.empty()) got.push(queue.getNowait());
    });
    stage.check(() => expect(got).toEqual([1, 2, 3, 4, 5]));
  },
});

testCancelPoints(
  "LifoQueue",
  scenes((maxsize) => new LifoQueue(maxsize)),
);
