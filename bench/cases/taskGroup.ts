import { type Coroutine, run, taskGroup } from "mysyncio";
import type { Case } from "../harness.ts";
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

function* runGroups(): Coroutine<void> {
  for (let i = 0; i < GROUPS; i++) {
    yield* taskGroup(function* (group) {
      for (let n = 0; n < WIDTH; n++) group.createTask(child());
    });
  }
}

async function runNativeGroups(): Promise<void> {
  for (let i = 0; i < GROUPS; i++) {
    const group = new Group();
    for (let n = 0; n < WIDTH; n++) group.spawn(nativeChild);
    await group.join();
  }
}

export default {
  name: "taskGroup",
  question: "What does a child cost in a group that would end all if one failed?",
  comparisons: [
    {
      what: `${count(GROUPS)} groups of ${WIDTH} children of one yield`,
      operations: GROUPS * WIDTH,
      ours: { name: "taskGroup", run: () => run(runGroups) },
      others: [{ name: "promises, a group by hand", run: runNativeGroups }],
      peers: ["taskGroup", WIDTH, GROUPS],
    },
  ],
} satisfies Case;
