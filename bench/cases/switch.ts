import { type Coroutine, createTask, gather, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareLoop } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

export const TASKS = sized(1_000);
export const YIELDS = 1_000;

function* giveWay(): Coroutine<void> {
  for (let i = 0; i < YIELDS; i++) yield;
}

export function* gatherAll(): Coroutine<void> {
  yield* gather(Array.from({ length: TASKS }, () => createTask(giveWay())));
}

async function awaitNothing(): Promise<void> {
  for (let i = 0; i < YIELDS; i++) await undefined;
}

/**
 * The lower bound: the same generators, stepped one after the other by the simplest possible loop.
 */
function stepBareGenerators(): void {
  const loop = new BareLoop();
  for (let i = 0; i < TASKS; i++) loop.wake(giveWay());
  loop.run();
}

export default {
  name: "switch",
  question: "What does yielding to the next task cost?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks x ${count(YIELDS)} bare yields`,
      operations: TASKS * YIELDS,
      ours: { name: "mysyncio", run: () => run(gatherAll) },
      others: [
        {
          name: "async functions",
          run: () => Promise.all(Array.from({ length: TASKS }, awaitNothing)),
          atLeast: { node24: 2, node26: 1.4 },
          lacks: "be cancelled",
        },
        { name: "bare generators", run: stepBareGenerators, isLimit: true },
      ],
      peers: ["switch", TASKS, YIELDS],
    },
  ],
} satisfies Case;
