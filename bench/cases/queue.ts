import { type Coroutine, gather, Queue, run } from "mysyncio";
import type { Case, Comparison } from "../harness.ts";
import { AsyncQueue } from "../native/asyncQueue.ts";
import { count, sized } from "../sizes.ts";

const ITEMS = sized(200_000);
const SIZE = 10;

function* produce(queue: Queue<number>, items: number): Coroutine<void> {
  for (let i = 0; i < items; i++) yield* queue.put(i);
}

function* consume(queue: Queue<number>, items: number): Coroutine<number> {
  let sum = 0;
  for (let i = 0; i < items; i++) sum += yield* queue.get();
  return sum;
}

function* passOn(pairs: number): Coroutine<void> {
  const queue = new Queue<number>(SIZE);
  const share = ITEMS / pairs;
  yield* gather([
    ...Array.from({ length: pairs }, () => produce(queue, share)),
    ...Array.from({ length: pairs }, () => consume(queue, share)),
  ]);
}

async function produceNatively(queue: AsyncQueue<number>, items: number): Promise<void> {
  for (let i = 0; i < items; i++) {
    const room = queue.put(i);
    if (room !== undefined) await room;
  }
}

async function consumeNatively(queue: AsyncQueue<number>, items: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < items; i++) {
    const item = queue.get();
    sum += typeof item === "number" ? item : await item;
  }
  return sum;
}

/** As it is mostly written: whoever calls what may wait, awaits it. */
async function produceAndAwait(queue: AsyncQueue<number>, items: number): Promise<void> {
  for (let i = 0; i < items; i++) await queue.put(i);
}

async function consumeAndAwait(queue: AsyncQueue<number>, items: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < items; i++) sum += await queue.get();
  return sum;
}

async function passOnNatively(
  pairs: number,
  put: typeof produceNatively,
  get: typeof consumeNatively,
): Promise<void> {
  const queue = new AsyncQueue<number>(SIZE);
  const share = ITEMS / pairs;
  await Promise.all([
    ...Array.from({ length: pairs }, () => put(queue, share)),
    ...Array.from({ length: pairs }, () => get(queue, share)),
  ]);
}

function row(pairs: number): Comparison {
  return {
    what: `${count(ITEMS)} items, ${pairs}:${pairs}, at most ${SIZE} in the queue`,
    operations: ITEMS,
    ours: { name: "Queue", run: () => run(() => passOn(pairs)) },
    others: [
      {
        name: "a queue by hand, always awaited",
        run: () => passOnNatively(pairs, produceAndAwait, consumeAndAwait),
        atLeast: 2,
      },
      {
        name: "the same, awaited where it must wait",
        run: () => passOnNatively(pairs, produceNatively, consumeNatively),
        atLeast: 2,
      },
    ],
    peers: ["queue", pairs, pairs, ITEMS, SIZE],
  };
}

export default {
  name: "queue",
  question: "What does an item cost from producer to consumer?",
  comparisons: [row(1), row(sized(100))],
} satisfies Case;
