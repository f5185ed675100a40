// Performs a tree of coroutine calls with coroutines that call one another in every possible way.

import { type Coroutine, coroutine, Future, type Scheduler, sleep } from "../../src/index.ts";
import { nameOf, type Tree } from "./tree.ts";

/** More steps than any tree takes. */
const ENDLESS = 50_000;

/**
 * Performs a tree with coroutines. Calls `onSuspend` with the number of each suspension, before it.
 */
export class Performance {
  readonly trace: string[] = [];
  readonly #loop: Scheduler;
  readonly #onSuspend: (suspension: number) => void;
  #suspensions = 0;
  #steps = 0;
  /** Whether the call is driven by hand to its end, where waiting is only a bare `yield`. */
  #isDriven = false;

  readonly decorated = coroutine(this.plain);

  constructor(loop: Scheduler, onSuspend: (suspension: number) => void = () => {}) {
    this.#loop = loop;
    this.#onSuspend = onSuspend;
  }

  /** The coroutine of `tree`, called in its own style. */
  perform(tree: Tree): Coroutine<number> {
    switch (tree.style) {
      case "decorated":
        return this.decorated(tree);
      case "plain":
        return this.plain(tree);
      case "traced":
        return this.#traced(this.decorated(tree));
      case "iterated":
        return this.#iterated(this.decorated(tree));
      case "begun":
        return this.#begun(this.decorated(tree));
    }
  }

  *plain(tree: Tree): Coroutine<number> {
    switch (tree.kind) {
      case "give":
        return tree.value;
      case "fail":
        throw tree.error;
      case "wait":
        this.trace.push(`wait ${tree.value}`);
        yield* this.#wait(tree.how);
        this.trace.push(`go on ${tree.value}`);
        return tree.value;
      case "await failure":
        yield* this.#wait("future", tree.error);
        throw tree.error;
      case "all": {
        let sum = 0;
        for (const part of tree.parts) sum += yield* this.perform(part);
        return sum;
      }
      case "guard":
        try {
          return yield* this.perform(tree.body);
        } catch (error) {
          this.trace.push(`caught ${nameOf(error)}`);
          return yield* this.perform(tree.rescue);
        } finally {
          this.trace.push("clean up");
          yield* this.perform(tree.cleanup);
        }
      case "drive":
        return this.#driveToEnd(tree.part);
      case "deep":
        return tree.levels + (yield* this.deep(tree.levels, tree.part));
    }
  }

  @coroutine
  *deep(levels: number, part: Tree): Coroutine<number> {
    if (levels === 0) return yield* this.perform(part);
    return yield* this.deep(levels - 1, part);
  }

  *#wait(how: "yield" | "sleep" | "future" | "done", error?: string): Coroutine<void> {
    if (this.#isDriven) {
      yield;
      return;
    }
    if (how === "done") {
      const done = new Future<void>({ loop: this.#loop });
      done.setResult();
      return yield* done;
    }
    this.#onSuspend(++this.#suspensions);
    if (how === "yield") {
      yield;
    } else if (how === "sleep") {
      yield* sleep(1);
    } else {
      const future = new Future<void>({ loop: this.#loop });
      this.#loop.callLater(1, () => {
        if (future.done()) return;
        if (error === undefined) future.setResult();
        else future.setException(error);
      });
      yield* future;
    }
  }

  /** Drives a coroutine by hand to its end, in one step of the task. */
  #driveToEnd(part: Tree): number {
    const before = this.#isDriven;
    this.#isDriven = true;
    try {
      const driven = this.perform(part);
      let step = driven.next();
      while (!step.done) {
        this.#countStep();
        step = driven.next();
      }
      return step.value;
    } finally {
      this.#isDriven = before;
    }
  }

  /** Drives a coroutine by hand and passes everything on, like `yield*` in a debugger. */
  *#traced(driven: Coroutine<number>): Coroutine<number> {
    let step = driven.next();
    while (!step.done) {
      this.#countStep();
      let error: { thrown: unknown } | undefined;
      try {
        yield step.value;
      } catch (thrown) {
        error = { thrown };
      }
      step = error === undefined ? driven.next() : driven.throw(error.thrown);
    }
    return step.value;
  }

  /** Awaits it through an iterator that is not a generator. */
  *#iterated(driven: Coroutine<number>): Coroutine<number> {
    const iterator = {
      [Symbol.iterator]: () => iterator,
      next: () => {
        this.#countStep();
        return driven.next();
      },
      throw: (error: unknown) => driven.throw(error),
      return: (value: number) => driven.return(value),
    };
    return yield* iterator;
  }

  /** Takes the first step by hand, and awaits the rest. */
  *#begun(driven: Coroutine<number>): Coroutine<number> {
    const step = driven.next();
    if (step.done) return step.value;
    try {
      yield step.value;
    } catch (error) {
      const next = driven.throw(error);
      if (next.done) return next.value;
      yield next.value;
    }
    return yield* driven;
  }

  #countStep(): void {
    if (++this.#steps > ENDLESS) throw new Error("A coroutine that is driven by hand does not end");
  }
}
