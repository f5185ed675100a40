import { type Coroutine, gather, run } from "mysyncio";
import type { Case, Comparison } from "../harness.ts";
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

function row(width: number): Comparison {
  const times = sized(CHILDREN) / width;
  return {
    what: `${count(width)} children of one yield, ${count(times)} times`,
    operations: width * times,
    ours: { name: "gather", run: () => run(() => gatherAll(width, times)) },
    others: [{ name: "Promise.all", run: () => awaitAll(width, times) }],
    peers: ["gather", width, times],
  };
}

export default {
  name: "gather",
  question: "What does it cost to wait for many at once?",
  comparisons: [row(10), row(sized(1_000))],
} satisfies Case;
