// Random programs over locks, semaphores, events and conditions, compared with models that are
// arrays. One file, because the models share the random programs.

import * as fc from "fast-check";
import { test } from "vitest";
import {
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RuntimeError,
  Semaphore,
} from "../../src/index.ts";
import {
  expectAsModel,
  type ModelTask,
  type ModelWorld,
  type Steps,
  type World,
  waitIn,
} from "./world.ts";

interface Permits {
  acquire(): Steps<unknown>;
  release(): void;
  locked(): boolean;
}

class ModelPermits implements Permits {
  readonly #world: ModelWorld;
  readonly #line: ModelTask[] = [];
  readonly #bound: number;
  #free: number;

  constructor(world: ModelWorld, free: number, bound: number) {
    this.#world = world;
    this.#free = free;
    this.#bound = bound;
  }

  *acquire(): Steps<unknown> {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    return yield waitIn(this.#line, () => this.#pass());
  }

  release(): void {
    if (this.#free >= this.#bound) throw new RangeError("too often");
    this.#pass();
  }

  locked(): boolean {
    return this.#free === 0;
  }

  #pass(): void {
    if (this.#world.serve(this.#line, true)) return;
    this.#free = Math.min(this.#free + 1, this.#bound);
  }
}

type PermitOp =
  | { readonly kind: "use"; readonly delay: number }
  | { readonly kind: "acquire" | "release" | "locked" };

const permitOps: fc.Arbitrary<PermitOp> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("use" as const),
      delay: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("acquire", "release", "locked") }) },
);

function* usePermits(
  permits: Permits,
  op: PermitOp,
  world: World,
  say: (what: string) => void,
): Steps<unknown> {
  switch (op.kind) {
    case "acquire":
      return yield* permits.acquire();
    case "release":
      return permits.release();
    case "locked":
      return permits.locked();
    case "use":
      yield* permits.acquire();
      say("has it");
      try {
        yield* world.sleep(op.delay);
      } finally {
        permits.release();
      }
      return "released";
  }
}

test("a lock goes to the same tasks at the same times as in the model", () => {
  expectAsModel(
    permitOps,
    () => new Lock() as Permits,
    (world) => new ModelPermits(world, 1, 1),
    usePermits,
  );
});

test.each([0, 1, 2, 3])("a semaphore of %i behaves like its model", (value) => {
  expectAsModel(
    permitOps,
    () => new Semaphore(value) as Permits,
    (world) => new ModelPermits(world, value, Infinity),
    usePermits,
  );
});

test.each([0, 1, 2])("a bounded semaphore of %i behaves like its model", (value) => {
  expectAsModel(
    permitOps,
    () => new BoundedSemaphore(value) as Permits,
    (world) => new ModelPermits(world, value, value),
    usePermits,
  );
});

interface Flag {
  set(): void;
  clear(): void;
  isSet(): boolean;
  wait(): Steps<unknown>;
}

class ModelEvent implements Flag {
  readonly #world: ModelWorld;
  readonly #line: ModelTask[] = [];
  #value = false;

  constructor(world: ModelWorld) {
    this.#world = world;
  }

  set(): void {
    this.#value = true;
    while (this.#world.serve(this.#line, true));
  }

  clear(): void {
    this.#value = false;
  }

  isSet(): boolean {
    return this.#value;
  }

  *wait(): Steps<unknown> {
    return this.#value || (yield waitIn(this.#line));
  }
}

test("an event wakes the same tasks as in the model", () => {
  expectAsModel(
    fc.record({ kind: fc.constantFrom("wait", "wait", "set", "clear", "isSet") }),
    () => new Event() as Flag,
    (world) => new ModelEvent(world),
    function* (event, { kind }) {
      return kind === "wait" ? yield* event.wait() : event[kind]();
    },
  );
});

interface Monitor extends Permits {
  wait(): Steps<unknown>;
  notify(n?: number): void;
  notifyAll(): void;
}

class ModelCondition implements Monitor {
  readonly #world: ModelWorld;
  readonly #lock: ModelPermits;
  readonly #line: ModelTask[] = [];

  constructor(world: ModelWorld, lock: ModelPermits) {
    this.#world = world;
    this.#lock = lock;
  }

  acquire(): Steps<unknown> {
    return this.#lock.acquire();
  }

  release(): void {
    this.#lock.release();
  }

  locked(): boolean {
    return this.#lock.locked();
  }

  *wait(): Steps<unknown> {
    if (!this.locked()) throw new RuntimeError("not locked");
    this.#lock.release();
    const errors: unknown[] = [];
    let isNotified = false;
    try {
      yield waitIn(this.#line, () => this.#pass(1));
      isNotified = true;
    } catch (error) {
      errors.push(error);
    }
    for (let hasLock = false; !hasLock; ) {
      try {
        yield* this.#lock.acquire();
        hasLock = true;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return true;
    if (isNotified) this.#pass(1);
    throw errors.at(-1);
  }

  notify(n = 1): void {
    if (!this.locked()) throw new RuntimeError("not locked");
    this.#pass(n);
  }

  notifyAll(): void {
    this.notify(this.#line.length);
  }

  #pass(n: number): void {
    for (let i = 0; i < n; i++) this.#world.serve(this.#line, undefined);
  }
}

type MonitorOp =
  | {
      readonly kind: "wait" | "change";
      readonly which: number;
      readonly n: number;
      readonly delay: number;
    }
  | { readonly kind: "bareWait" | "notifyAll" | "acquire" | "release"; readonly which: number };

const which = fc.nat(1);
const monitorOps: fc.Arbitrary<MonitorOp> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("wait", "wait", "change"),
      which,
      n: fc.nat(3),
      delay: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("bareWait", "notifyAll", "acquire", "release"),
      which,
    }),
  },
);

function* useMonitors(
  monitors: readonly Monitor[],
  op: MonitorOp,
  world: World,
  say: (what: string) => void,
): Steps<unknown> {
  const monitor = monitors[op.which]!;
  switch (op.kind) {
    case "wait":
      yield* monitor.acquire();
      try {
        say("waits");
        yield* monitor.wait();
        say("is woken");
        if (op.delay > 0) yield* world.sleep(op.delay);
      } finally {
        monitor.release();
      }
      return "released";
    case "change":
      yield* monitor.acquire();
      try {
        if (op.delay > 0) yield* world.sleep(op.delay);
        say("notifies");
        monitor.notify(op.n);
      } finally {
        monitor.release();
      }
      return "released";
    case "acquire":
      return yield* monitor.acquire();
    case "bareWait":
      return yield* monitor.wait();
    default:
      return monitor[op.kind]();
  }
}

test("two conditions that share a lock behave like their models", () => {
  expectAsModel(
    monitorOps,
    () => {
      const lock = new Lock();
      return [new Condition(lock), new Condition(lock)] as readonly Monitor[];
    },
    (world) => {
      const lock = new ModelPermits(world, 1, 1);
      return [new ModelCondition(world, lock), new ModelCondition(world, lock)];
    },
    useMonitors,
    800,
  );
});
