import { type Coroutine, gather, Queue, run } from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import { AsyncQueue } from "../native/asyncQueue.ts";
import { BareLoop, BareQueue, Get, Getter, PARKED, Put } from "../native/bareLoop.ts";
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

/** A plain call where nothing waits. */
function* produceLean(queue: Queue<number>, items: number): Coroutine<void> {
  for (let i = 0; i < items; i++) {
    if (queue.full()) yield* queue.put(i);
    else queue.putNowait(i);
  }
}

function* consumeLean(queue: Queue<number>, items: number): Coroutine<number> {
  let sum = 0;
  for (let i = 0; i < items; i++) sum += queue.empty() ? yield* queue.get() : queue.getNowait();
  return sum;
}

function* passOn(pairs: number, put: typeof produce, get: typeof consume): Coroutine<void> {
  const queue = new Queue<number>(SIZE);
  const share = ITEMS / pairs;
  yield* gather([
    ...Array.from({ length: pairs }, () => put(queue, share)),
    ...Array.from({ length: pairs }, () => get(queue, share)),
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

/** As people usually write it: every call that may wait is awaited. */
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

function* produceBarely(queue: BareQueue<number>, items: number): Generator<typeof PARKED, void> {
  for (let i = 0; i < items; i++) if (!queue.put(i)) yield PARKED;
}

function* consumeBarely(queue: BareQueue<number>, items: number): Generator<typeof PARKED, number> {
  let sum = 0;
  for (let i = 0; i < items; i++) {
    const item = queue.get();
    if (item instanceof Getter) {
      yield PARKED;
      sum += item.item as number;
    } else {
      sum += item;
    }
  }
  return sum;
}

/** The same with `yield*` at each call, which needs an iterable object. */
function* produceByObjects(
  queue: BareQueue<number>,
  items: number,
): Generator<typeof PARKED, void> {
  for (let i = 0; i < items; i++) yield* new Put(queue, i);
}

function* consumeByObjects(
  queue: BareQueue<number>,
  items: number,
): Generator<typeof PARKED, number> {
  let sum = 0;
  for (let i = 0; i < items; i++) sum += yield* new Get(queue);
  return sum;
}

/** The lower bound: generators, and lists of waiters. */
function passOnBarely(pairs: number, put: typeof produceBarely, get: typeof consumeBarely): void {
  const loop = new BareLoop();
  const queue = new BareQueue<number>(loop, SIZE);
  const share = ITEMS / pairs;
  for (let i = 0; i < pairs; i++) loop.wake(put(queue, share));
  for (let i = 0; i < pairs; i++) loop.wake(get(queue, share));
  loop.run();
}

/** Each way to use a queue, beside the same way to use a queue by hand. */
function rows(pairs: number): Comparison[] {
  const what = `${count(ITEMS)} items, ${pairs}:${pairs}, at most ${SIZE} in the queue`;
  return [
    {
      what,
      operations: ITEMS,
      ours: { name: "Queue", run: () => run(() => passOn(pairs, produce, consume)) },
      others: [
        {
          name: "a queue by hand, always awaited",
          run: () => passOnNatively(pairs, produceAndAwait, consumeAndAwait),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "cancel a `put` or `get` that waits, be joined, or be shut down",
        },
        {
          name: "bare generators, `yield*` at each call",
          run: () => passOnBarely(pairs, produceByObjects, consumeByObjects),
          isLimit: true,
        },
      ],
      peers: ["queue", pairs, pairs, ITEMS, SIZE],
    },
    {
      what: `${what}, with an \`if\` before each wait`,
      operations: ITEMS,
      ours: { name: "Queue", run: () => run(() => passOn(pairs, produceLean, consumeLean)) },
      others: [
        {
          name: "a queue by hand",
          run: () => passOnNatively(pairs, produceNatively, consumeNatively),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "cancel a `put` or `get` that waits, be joined, or be shut down",
        },
        {
          name: "bare generators",
          run: () => passOnBarely(pairs, produceBarely, consumeBarely),
          isLimit: true,
        },
      ],
    },
  ];
}

export default {
  name: "queue",
  question: "What does an item cost from producer to consumer?",
  comparisons: [...rows(1), ...rows(sized(100))],
} satisfies Case;
