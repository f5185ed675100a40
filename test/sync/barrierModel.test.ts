// Random programs over a barrier, compared with a model that is an array.

import * as fc from "fast-check";
import { test } from "vitest";
import { Barrier, BrokenBarrierError } from "../../src/index.ts";
import { expectAsModel, type ModelTask, type ModelWorld, type Steps, waitIn } from "./world.ts";

interface Gate {
  wait(): Steps<unknown>;
  reset(): Steps<unknown>;
  abort(): Steps<unknown>;
  readonly nWaiting: number;
  readonly broken: boolean;
}

class ModelBarrier implements Gate {
  readonly #world: ModelWorld;
  readonly #parties: number;
  readonly #line: ModelTask[] = [];
  broken = false;

  constructor(world: ModelWorld, parties: number) {
    this.#world = world;
    this.#parties = parties;
  }

  get nWaiting(): number {
    return this.#line.length;
  }

  *wait(): Steps<unknown> {
    if (this.broken) throw new BrokenBarrierError();
    if (this.#line.length < this.#parties - 1) return yield waitIn(this.#line);
    for (let index = 0; index < this.#parties - 1; index++) this.#world.serve(this.#line, index);
    return this.#parties - 1;
  }

  *reset(): Steps<void> {
    this.broken = false;
    this.#world.failAll(this.#line, new BrokenBarrierError());
  }

  *abort(): Steps<void> {
    this.broken = true;
    this.#world.failAll(this.#line, new BrokenBarrierError());
  }
}

test.each([1, 2, 3, 4])(
  "a barrier of %i parties lets the same tasks through as its model",
  (parties) => {
    expectAsModel(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant({ kind: "wait" as const }) },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constantFrom("nWaiting", "broken", "reset", "abort") }),
        },
        { weight: 1, arbitrary: fc.constant({ kind: "reset" as const }) },
      ),
      () => new Barrier(parties) as Gate,
      (world) => new ModelBarrier(world, parties),
      function* (barrier, { kind }) {
        if (kind === "nWaiting" || kind === "broken") return barrier[kind];
        return yield* barrier[kind]();
      },
    );
  },
);
