import { type Coroutine, gather, run } from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import { BareGroup, BareLoop, BareTask, type PARKED } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

const CHILDREN = 100_000;

function* child(): Coroutine<void> {
  yield;
}

async function nativeChild(): Promise<void> {
  await undefined;
}

function* gatherAll(width: number, times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* gather(Array.from({ length: width }, child));
}

async function awaitAll(width: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await Promise.all(Array.from({ length: width }, nativeChild));
}

function* stepInGroups(
  loop: BareLoop,
  width: number,
  times: number,
): Generator<typeof PARKED, void> {
  for (let i = 0; i < times; i++) {
    const group = new BareGroup(loop, width);
    for (const body of Array.from({ length: width }, child)) new BareTask(loop, i, body, group);
    yield group.park();
  }
}

/** The lower bound: generators, an object for each, and a counter of those that are left. */
function stepAllBarely(width: number, times: number): void {
  const loop = new BareLoop();
  loop.wake(stepInGroups(loop, width, times));
  loop.run();
}

function row(width: number): Comparison {
  const times = sized(CHILDREN) / width;
  return {
    what: `${count(width)} children of one yield, ${count(times)} times`,
    operations: width * times,
    ours: { name: "gather", run: () => run(() => gatherAll(width, times)) },
    others: [
      {
        name: "Promise.all",
        run: () => awaitAll(width, times),
        atLeast: 1,
        lacks: "cancel its children",
      },
      {
        name: "bare generators, an object each",
        run: () => stepAllBarely(width, times),
        isLimit: true,
      },
    ],
    peers: ["gather", width, times],
  };
}

export default {
  name: "gather",
  question: "What does waiting for many tasks at once cost?",
  comparisons: [row(10), row(sized(1_000))],
} satisfies Case;
