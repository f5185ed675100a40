// With all choices native, async code runs in exactly the order in which it runs without an
// exploration: promises, thenables, `nextTick`, immediates, timers, combinators and `for await`.

import fc from "fast-check";
import { expect, test } from "vitest";
import { at, atEach } from "../../src/at.ts";
import { virtualTest } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";

/** A step of a random program. Lists of steps are bodies of async functions. */
type Step =
  | { readonly kind: "value" | "resolved" | "rejected" | "tick" | "microtask" | "immediate" }
  | { readonly kind: "thenable"; readonly late: boolean; readonly fails: boolean }
  | { readonly kind: "then"; readonly length: number }
  | { readonly kind: "call" | "spawn" | "throwing"; readonly body: readonly Step[] }
  | { readonly kind: "all" | "allSettled"; readonly bodies: readonly (readonly Step[])[] }
  | { readonly kind: "race" | "any"; readonly bodies: readonly (readonly Step[])[] }
  | { readonly kind: "generator"; readonly body: readonly Step[]; readonly leaveAt: number }
  | { readonly kind: "promises"; readonly count: number; readonly leaveAt: number };

/** What a program calls at its awaits. */
interface Marks {
  at<T>(value: T, place: string): T;
  atEach<T extends AsyncIterable<unknown> | Iterable<unknown>>(iterable: T, place: string): T;
}

const MARKED: Marks = { at, atEach };
const PLAIN: Marks = { at: (value) => value, atEach: (iterable) => iterable };
const { process, setImmediate } = globalThis as {
  process?: { nextTick?(callback: () => void): void };
  setImmediate?: (callback: () => void) => void;
};
const hasTicks = process?.nextTick !== undefined && setImmediate !== undefined;

const QUICK = [
  "value",
  "resolved",
  "rejected",
  "microtask",
  ...(hasTicks ? ["tick"] : []),
] as const;

/** Steps without tasks of the host, whose order relative to timers is not guaranteed. */
const { quick } = fc.letrec<{ quick: Step; body: Step[] }>((tie) => ({
  body: fc.array(tie("quick"), { maxLength: 4 }),
  quick: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constantFrom(...QUICK) }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constant("thenable"),
      late: fc.boolean(),
      fails: fc.boolean(),
    }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constant("then"),
      length: fc.integer({ min: 1, max: 4 }),
    }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constantFrom("call", "spawn", "throwing"),
      body: tie("body"),
    }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constantFrom("all", "allSettled", "race", "any"),
      bodies: fc.array(tie("body"), { minLength: 1, maxLength: 3 }),
    }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constant("generator"),
      body: tie("body"),
      leaveAt: fc.integer({ min: 1, max: 4 }),
    }) as fc.Arbitrary<Step>,
    fc.record({
      kind: fc.constant("promises"),
      count: fc.integer({ min: 0, max: 3 }),
      leaveAt: fc.integer({ min: 1, max: 4 }),
    }) as fc.Arbitrary<Step>,
  ),
}));

const immediate = fc.constant<Step>({ kind: "immediate" });
/** A body that may wait for immediates, all of which it awaits. */
const slow = fc.array(hasTicks ? fc.oneof({ weight: 4, arbitrary: quick }, immediate) : quick, {
  maxLength: 5,
});
const phase = fc.oneof(
  slow,
  fc
    .record({
      kind: fc.constantFrom("all", "allSettled"),
      bodies: fc.array(slow, { maxLength: 3 }),
    })
    .map((step) => [step as Step]),
);
/** Between two phases, a timer fires and nothing else is pending. */
const programs = fc.array(phase, { minLength: 1, maxLength: 3 });

class Program {
  readonly log: string[] = [];
  readonly #marks: Marks;
  #names = 0;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  async run(phases: readonly (readonly Step[])[]): Promise<void> {
    const { at } = this.#marks;
    for (const phase of phases) {
      await at(this.#body(phase).catch(this.#note("failed")), "run (native.ts:1:1)");
      // Two timers with equal delays keep their order.
      setTimeout(this.#note("timer"), 1);
      await at(new Promise<void>((resolve) => setTimeout(resolve, 1)), "run (native.ts:2:1)");
    }
  }

  #note(what: string): (value?: unknown) => void {
    const name = `${what} ${this.#names++}`;
    return (value) => this.log.push(value === undefined ? name : `${name}: ${value}`);
  }

  async #body(steps: readonly Step[]): Promise<string> {
    const name = `body ${this.#names++}`;
    for (const step of steps) {
      try {
        await this.#step(step);
      } catch (error) {
        this.log.push(`${name} caught ${error}`);
      } finally {
        this.log.push(`${name} after ${step.kind}`);
      }
    }
    return name;
  }

  // This function is not async, so that a step adds no await of its own.
  #step(step: Step): unknown {
    const { at, atEach } = this.#marks;
    const place = `${step.kind} (native.ts:3:1)`;
    switch (step.kind) {
      case "value":
        return at(1, place);
      case "resolved":
        return at(Promise.resolve(1), place);
      case "rejected":
        return at(Promise.reject("rejected"), place);
      case "tick":
        process?.nextTick?.(this.#note("tick"));
        return undefined;
      case "microtask":
        queueMicrotask(this.#note("microtask"));
        return undefined;
      case "immediate":
        return at(
          new Promise<void>((resolve) => {
            // Looks up the global now, so that it is the run's.
            (
              globalThis as unknown as Required<{ setImmediate: (f: () => void) => void }>
            ).setImmediate(() => {
              this.log.push("immediate");
              resolve();
            });
          }),
          place,
        );
      case "thenable":
        return at(this.#thenable(step.late, step.fails), place);
      case "then": {
        let promise: Promise<unknown> = Promise.resolve();
        for (let left = step.length; left > 0; left--) promise = promise.then(this.#note("then"));
        return at(promise, place);
      }
      case "call":
        return at(this.#body(step.body), place);
      case "spawn":
        void this.#body(step.body);
        return undefined;
      case "throwing":
        return at(
          this.#body(step.body).then(() => {
            throw "thrown";
          }),
          place,
        );
      case "generator":
        return at(this.#iterate(atEach(this.#items(step.body), place), step.leaveAt), place);
      case "promises": {
        const items = Array.from({ length: step.count }, (_, index) => Promise.resolve(index));
        return at(this.#iterate(atEach(items, place), step.leaveAt), place);
      }
      default:
        return at(Promise[step.kind as "all"](step.bodies.map((body) => this.#body(body))), place);
    }
  }

  #thenable(late: boolean, fails: boolean): PromiseLike<unknown> {
    const note = this.#note("thenable");
    const then = (resolve: (value: unknown) => void, reject: (reason: unknown) => void): void => {
      note("then");
      const settle = () => (fails ? reject("thenable") : resolve(1));
      if (late) queueMicrotask(settle);
      else settle();
    };
    return { then } as unknown as PromiseLike<unknown>;
  }

  async *#items(body: readonly Step[]): AsyncGenerator<number, void, undefined> {
    const { at } = this.#marks;
    try {
      for (let item = 0; item < 3; item++) {
        yield item;
        await at(this.#body(body), "items (native.ts:4:1)");
      }
    } finally {
      await at(undefined, "items (native.ts:5:1)");
      this.log.push("closed");
    }
  }

  async #iterate(items: AsyncIterable<number> | Iterable<unknown>, leaveAt: number): Promise<void> {
    let count = 0;
    for await (const item of items) {
      this.log.push(`item ${item}`);
      if (++count === leaveAt) break;
    }
  }
}

/** Runs a program without an exploration. It begins in a task of the host, as runs do. */
async function logNatively(phases: readonly (readonly Step[])[]): Promise<string[]> {
  const program = new Program(PLAIN);
  await new Promise<void>((resolve, reject) => {
    const begin = () => program.run(phases).then(resolve, reject);
    if (setImmediate === undefined) setTimeout(begin, 0);
    else setImmediate(begin);
  });
  return program.log;
}

async function logInRun(phases: readonly (readonly Step[])[], marks: Marks): Promise<string[]> {
  const program = new Program(marks);
  await virtualTest(() => program.run(phases))();
  return program.log;
}

test("random programs produce the same log in a run as natively", async () => {
  let logged = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (phases) => {
      const native = await logNatively(phases);
      expect(await logInRun(phases, PLAIN)).toEqual(native);
      expect(await logInRun(phases, MARKED)).toEqual(native);
      logged += native.length;
    }),
    { numRuns: scale(100, 1_000, 300) },
  );
  expect(logged).toBeGreaterThan(1_000);
});
