import { type Coroutine, createTask, gather, run } from "mysyncio";
import type { Case } from "../harness.ts";
import { BareLoop } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

const TASKS = sized(1_000);
const YIELDS = 1_000;

function* giveWay(): Coroutine<void> {
  for (let i = 0; i < YIELDS; i++) yield;
}

function* gatherAll(): Coroutine<void> {
  yield* gather(Array.from({ length: TASKS }, () => createTask(giveWay())));
}

async function awaitNothing(): Promise<void> {
  for (let i = 0; i < YIELDS; i++) await undefined;
}

/** The limit: the same generators, stepped in turn by the simplest loop there is. */
function stepBareGenerators(): void {
  const loop = new BareLoop();
  for (let i = 0; i < TASKS; i++) loop.wake(giveWay());
  loop.run();
}

export default {
  name: "switch",
  question: "What does it cost to give way to the next task?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks x ${count(YIELDS)} bare yields`,
      operations: TASKS * YIELDS,
      ours: { name: "mysyncio", run: () => run(gatherAll) },
      others: [
        {
          name: "async functions",
          run: () => Promise.all(Array.from({ length: TASKS }, awaitNothing)),
          atLeast: 2,
        },
        { name: "bare generators", run: stepBareGenerators, atMost: 1.2 },
      ],
      peers: ["switch", TASKS, YIELDS],
    },
  ],
} satisfies Case;
