import { type Coroutine, run, type TaskGroup, taskGroup } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareGroup, BareLoop, BareTask, type PARKED } from "../native/bareLoop.ts";
import { Group } from "../native/group.ts";
import { count, sized } from "../sizes.ts";

const WIDTH = 10;
const GROUPS = sized(10_000);

function* child(): Coroutine<void> {
  yield;
}

async function nativeChild(): Promise<void> {
  await undefined;
}

/**
 * As people usually write it: the block stands where it is used, and is created again each time.
 */
function* runGroups(): Coroutine<void> {
  for (let i = 0; i < GROUPS; i++) {
    yield* taskGroup(function* (group) {
      for (let n = 0; n < WIDTH; n++) group.createTask(child());
    });
  }
}

function* startChildren(group: TaskGroup): Coroutine<void> {
  for (let n = 0; n < WIDTH; n++) group.createTask(child());
}

function* runGroupsOfOneBlock(): Coroutine<void> {
  for (let i = 0; i < GROUPS; i++) yield* taskGroup(startChildren);
}

function* runBareGroups(loop: BareLoop): Generator<typeof PARKED, void> {
  for (let i = 0; i < GROUPS; i++) {
    const group = new BareGroup(loop, WIDTH);
    for (let n = 0; n < WIDTH; n++) new BareTask(loop, n, child(), group);
    yield group.park();
  }
}

/** The lower bound: generators, an object for each, and a counter of those that are left. */
function runBarely(): void {
  const loop = new BareLoop();
  loop.wake(runBareGroups(loop));
  loop.run();
}

async function runNativeGroups(): Promise<void> {
  for (let i = 0; i < GROUPS; i++) {
    const group = new Group();
    for (let n = 0; n < WIDTH; n++) group.spawn(nativeChild);
    await group.join();
  }
}

/** What the group by hand lacks. */
const LACKS = "stop a child that isn't passed its signal";

export default {
  name: "taskGroup",
  question: "What does a child of a task group cost?",
  comparisons: [
    {
      what: `${count(GROUPS)} groups of ${WIDTH} children of one yield, a block for each`,
      operations: GROUPS * WIDTH,
      ours: { name: "taskGroup", run: () => run(runGroups) },
      others: [{ name: "promises, a group by hand", run: runNativeGroups, lacks: LACKS }],
      peers: ["taskGroup", WIDTH, GROUPS],
    },
    {
      what: "the same, one block for all",
      operations: GROUPS * WIDTH,
      ours: { name: "taskGroup", run: () => run(runGroupsOfOneBlock) },
      others: [
        { name: "promises, a group by hand", run: runNativeGroups, atLeast: 1, lacks: LACKS },
        { name: "bare generators, an object each", run: runBarely, isLimit: true },
      ],
    },
  ],
} satisfies Case;
