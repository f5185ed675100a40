import { type Coroutine, createTask, gather, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareGroup, BareLoop, BareTask } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

export const TASKS = sized(100_000);

function* giveWayOnce(): Coroutine<void> {
  yield;
}

async function awaitNothingOnce(): Promise<void> {
  await undefined;
}

export function* spawnAll(): Coroutine<void> {
  yield* gather(Array.from({ length: TASKS }, () => createTask(giveWayOnce())));
}

/**
 * The lower bound: generators that are created and stepped to their ends, without anything to
 * await.
 */
function stepBareGenerators(): unknown[] {
  const loop = new BareLoop();
  const bodies = Array.from({ length: TASKS }, giveWayOnce);
  for (const body of bodies) loop.wake(body);
  loop.run();
  return bodies;
}

/**
 * The same with an object for each, because anything that can be awaited, named and cancelled needs
 * one.
 */
function stepBareTasks(): unknown[] {
  const loop = new BareLoop();
  const group = new BareGroup(loop, TASKS);
  const tasks = Array.from(
    { length: TASKS },
    (_, name) => new BareTask(loop, name, giveWayOnce(), group),
  );
  loop.run();
  return tasks;
}

export default {
  name: "spawn",
  question: "What does a task cost from its start to its awaited end?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks of one yield, all awaited`,
      operations: TASKS,
      ours: { name: "mysyncio", run: () => run(spawnAll) },
      others: [
        {
          name: "async functions",
          run: () => Promise.all(Array.from({ length: TASKS }, awaitNothingOnce)),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "be cancelled, named or listed",
        },
        { name: "bare generators", run: stepBareGenerators, isLimit: true },
        { name: "the same, an object each", run: stepBareTasks },
      ],
      peers: ["spawn", TASKS],
    },
  ],
} satisfies Case;
