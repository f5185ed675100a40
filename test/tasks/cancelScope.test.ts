// Nested blocks that cancel their task, all ending in the same turn. Each takes back its own
// cancellation and no other, not even one that was requested before the block and arrives inside it.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  type Task,
  taskGroup,
  timeout,
  withSignal,
} from "../../src/index.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const KINDS = ["timeout", "moveOnAfter", "withSignal", "taskGroup"] as const;

interface Block {
  readonly kind: (typeof KINDS)[number];
  /** Whether the block ends at the common instant. */
  readonly ends: boolean;
}

const AT_ONCE = 10;

function* perform(blocks: readonly Block[]): Coroutine<void> {
  const [block, ...inner] = blocks;
  if (block === undefined) return yield* sleep(2 * AT_ONCE);
  const body = () => perform(inner);
  const delay = block.ends ? AT_ONCE : null;
  switch (block.kind) {
    case "timeout":
      return yield* timeout(delay, body);
    case "moveOnAfter":
      return yield* moveOnAfter(delay, body);
    case "withSignal": {
      const controller = new AbortController();
      const task = createTask(function* () {
        yield* sleep(AT_ONCE);
        if (block.ends) controller.abort();
      });
      try {
        return yield* withSignal(controller.signal, body);
      } finally {
        task.cancel();
      }
    }
    case "taskGroup":
      return yield* taskGroup(function* (group) {
        if (block.ends) {
          group.createTask(function* () {
            yield* sleep(AT_ONCE);
            group.cancel();
          });
        }
        yield* body();
      });
  }
}

interface Outcome {
  /**
   * The value of `cancelling()` that remains from earlier cancellations and from those of others.
   */
  readonly left: number;
  readonly isCancelled: boolean;
}

function outcomeOf(
  blocks: readonly Block[],
  before: number,
  undelivered: number,
  foreign: number,
): Outcome {
  return runVirtually(function* () {
    const task = createTask(function* () {
      const self = currentTask() as Task<unknown>;
      for (let i = 0; i < before; i++) self.cancel();
      if (before > 0) yield* isCancelledIn(sleep(1));
      for (let i = 0; i < undelivered; i++) self.cancel();
      let isCancelled = yield* isCancelledIn(perform(blocks));
      // An error that wins over a cancellation leaves the cancellation to the next wait.
      isCancelled ||= yield* isCancelledIn(sleep(1));
      return { left: self.cancelling(), isCancelled };
    });
    yield* sleep(AT_ONCE);
    for (let i = 0; i < foreign; i++) task.cancel();
    return yield* task;
  });
}

function* isCancelledIn(coro: Coroutine<void>): Coroutine<boolean> {
  try {
    yield* coro;
    return false;
  } catch (error) {
    return error instanceof CancelledError && error.cause === undefined;
  }
}

const blocks = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), ends: fc.boolean() }), {
  maxLength: 6,
});
const few = fc.nat({ max: 2 });

test("nested blocks that end in the same turn take back only their own cancellations", () => {
  fc.assert(
    fc.property(blocks, few, few, few, (nest, before, undelivered, foreign) => {
      // The undelivered cancellation ends the task before others can cancel it.
      const others = undelivered > 0 ? undelivered : foreign;
      expect(outcomeOf(nest, before, undelivered, foreign)).toEqual({
        left: before + others,
        isCancelled: others > 0,
      });
    }),
    { numRuns: 500 },
  );
});
