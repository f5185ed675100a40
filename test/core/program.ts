// Random programs that run on two cores in parallel, which must return the same from every
// operation.
//
// A program is a list of steps. A step performs one kind of operation `count` times on slots that
// `pick` selects. Steps only do what the interface allows: pushed, scheduled or timed slots are
// idle, and a turn starts when the previous batch is taken. Numbers select modulo the number of
// candidates, so that every part of a failing program is also a program.

import fc from "fast-check";
import { type Core, type Priority, SLOT_MASK } from "../../src/core/core.ts";
import { Bag } from "./bag.ts";

type Operation =
  | "allocate"
  | "release"
  | "push"
  | "schedule"
  | "addTimer"
  | "removeTimer"
  | "turn"
  | "take";

export interface Step {
  readonly operation: Operation;
  readonly count: number;
  readonly pick: number;
  readonly priority: Priority;
}

/** A step of several operations, their kinds weighted. */
function stepOf(
  weights: Partial<Record<Operation, number>>,
  [min, max]: readonly [number, number],
): fc.Arbitrary<Step> {
  return fc.record({
    operation: fc.oneof(
      ...Object.entries(weights).map(([operation, weight]) => ({
        weight,
        arbitrary: fc.constant(operation as Operation),
      })),
    ),
    count: fc.integer({ min, max }),
    pick: fc.nat(),
    priority: fc.constantFrom<Priority>(0, 1, 2),
  });
}

const few = stepOf(
  {
    allocate: 5,
    release: 4,
    push: 4,
    schedule: 3,
    addTimer: 4,
    removeTimer: 2,
    turn: 3,
    take: 3,
  },
  [1, 12],
);

/** A step of more operations than a new core can hold. */
const flood = stepOf(
  { allocate: 4, release: 1, push: 1, schedule: 3, addTimer: 2, removeTimer: 1 },
  [1_500, 4_000],
);

const step = fc.oneof({ weight: 25, arbitrary: few }, { weight: 1, arbitrary: flood });

export const shortProgram = fc.array(step, { maxLength: 100, size: "max" });
export const longProgram = fc.array(step, { minLength: 300, maxLength: 600, size: "max" });

/** The delays of timers: past and future, integers and fractions. Few, so that many are equal. */
const DELAYS = [-1, 0, 0.5, 1, 1, 2, 3, 5];

/** The distance between repeated picks, so that a step does not work on neighboring slots only. */
const STRIDE = 7_919;

/** The operations that programs really performed, which shows if a fuzz has become trivial. */
export class Coverage {
  operations = 0;
  turns = 0;
  tombstones = 0;
  dueTimers = 0;
  removedTimers = 0;
  staleIds = 0;
  reusedSlots = 0;
}

/** Runs a program on both cores. Throws at the first result in which they differ. */
export function runOnBoth(
  program: readonly Step[],
  tested: Core,
  reference: Core,
  coverage: Coverage,
): void {
  const run = new Run(tested, reference, coverage);
  for (const { operation, count, pick, priority } of program) {
    for (let time = 0; time < count; time++) {
      run.operate(operation, pick + time * STRIDE, priority);
    }
  }
}

class Run implements Record<Operation, (pick: number, priority: Priority) => void> {
  readonly #tested: Core;
  readonly #reference: Core;
  readonly #coverage: Coverage;
  readonly #idle = new Bag();
  /** The ids that are ready or on the heap. */
  readonly #busy = new Bag();
  readonly #stale = new Bag();
  readonly #usedSlots = new Set<number>();
  #operations = 0;
  #now = 0;
  /** Entries of the batch that are still to be taken. */
  #left = 0;

  constructor(tested: Core, reference: Core, coverage: Coverage) {
    this.#tested = tested;
    this.#reference = reference;
    this.#coverage = coverage;
  }

  operate(operation: Operation, pick: number, priority: Priority): void {
    this[operation](pick, priority);
    this.#ask("deadline", (core) => core.deadline());
    this.#ask("hasReady", (core) => core.hasReady());
    this.#ask("live", (core) => core.live());
    this.#ask("timers", (core) => core.timers());
  }

  allocate(): void {
    const id = this.#do("allocate", (core) => core.allocate());
    // After enough owners the id is allocated again, and no longer stale.
    if (this.#stale.has(id)) this.#stale.delete(id);
    this.#idle.add(id);
    const slot = id & SLOT_MASK;
    if (this.#usedSlots.has(slot)) this.#coverage.reusedSlots++;
    this.#usedSlots.add(slot);
  }

  release(pick: number): void {
    const bag = [this.#busy, this.#busy, this.#idle, this.#stale][pick % 4] as Bag;
    const id = bag.pick(pick >> 2);
    if (id === undefined) return;
    const isReleased = this.#do("release", (core) => core.release(id));
    if (isReleased) {
      bag.delete(id);
      this.#stale.add(id);
    } else {
      this.#coverage.staleIds++;
    }
  }

  push(pick: number): void {
    const id = this.#pickIdle(pick);
    if (id !== undefined) this.#do("push", (core) => core.push(id));
  }

  schedule(pick: number, priority: Priority): void {
    const id = this.#pickIdle(pick);
    if (id !== undefined) this.#do("schedule", (core) => core.schedule(id, priority));
  }

  addTimer(pick: number): void {
    const id = this.#pickIdle(pick);
    if (id === undefined) return;
    const when = this.#now + (DELAYS[pick % DELAYS.length] as number);
    this.#do("addTimer", (core) => core.addTimer(id, when));
  }

  removeTimer(pick: number): void {
    const bag = [this.#busy, this.#busy, this.#idle, this.#stale][pick % 4] as Bag;
    const id = bag.pick(pick >> 2);
    if (id === undefined) return;
    if (!this.#do("removeTimer", (core) => core.removeTimer(id))) return;
    this.#busy.delete(id);
    this.#idle.add(id);
    this.#coverage.removedTimers++;
  }

  turn(pick: number): void {
    while (this.#left > 0) this.take();
    this.#now += pick % 2;
    this.#coverage.turns++;
    this.#coverage.dueTimers += this.#reference.timers();
    this.#left = this.#do("turn", (core) => core.turn(this.#now));
    this.#coverage.dueTimers -= this.#reference.timers();
  }

  take(): void {
    if (this.#left === 0) return;
    this.#left--;
    const id = this.#do("take", (core) => core.take());
    if (id === 0) {
      this.#coverage.tombstones++;
    } else {
      this.#busy.delete(id);
      this.#idle.add(id);
    }
  }

  #pickIdle(pick: number): number | undefined {
    const id = this.#idle.pick(pick);
    if (id === undefined) return undefined;
    this.#idle.delete(id);
    this.#busy.add(id);
    return id;
  }

  #do<Answer>(operation: Operation, ask: (core: Core) => Answer): Answer {
    this.#operations++;
    this.#coverage.operations++;
    return this.#ask(operation, ask);
  }

  #ask<Answer>(question: string, ask: (core: Core) => Answer): Answer {
    const answer = ask(this.#tested);
    const expected = ask(this.#reference);
    if (answer === expected) return answer;
    throw new Error(
      `${question}() gave ${answer} and not ${expected} in operation ${this.#operations}`,
    );
  }
}
