import { type Coroutine, type Future, getRunningLoop, run } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareFuture, BareLoop, Callback, type PARKED } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

export const FUTURES = sized(200_000);

export function* completeFutures(): Coroutine<void> {
  const loop = getRunningLoop();
  const complete = (future: Future<number>) => future.setResult(1);
  for (let i = 0; i < FUTURES; i++) {
    const future = loop.createFuture<number>();
    loop.callSoon(complete, future);
    yield* future;
  }
}

async function completePromises(): Promise<void> {
  for (let i = 0; i < FUTURES; i++) {
    let complete: (value: number) => void = () => {};
    const promise = new Promise<number>((resolve) => {
      complete = resolve;
    });
    queueMicrotask(() => complete(1));
    await promise;
  }
}

function* completeBareOnes(loop: BareLoop): Generator<typeof PARKED, void> {
  for (let i = 0; i < FUTURES; i++) {
    const future = new BareFuture<number>(loop);
    loop.wake(new Callback(() => future.complete(1)));
    if (!future.isDone) yield future.park();
  }
}

/** The lower bound: a generator, and an object that refers to its waiter. */
function completeBare(): void {
  const loop = new BareLoop();
  loop.wake(completeBareOnes(loop));
  loop.run();
}

export default {
  name: "future",
  question: "What does it cost to wait for a future that a callback completes?",
  comparisons: [
    {
      what: `${count(FUTURES)} times: make, complete from a callback, await`,
      operations: FUTURES,
      ours: { name: "mysyncio", run: () => run(completeFutures) },
      others: [
        {
          name: "promises",
          run: completePromises,
          atLeast: { node24: 1.1, node26: 1 },
          lacks: "be cancelled, or tell what waits for them",
        },
        { name: "bare generators", run: completeBare, isLimit: true },
      ],
      peers: ["future", FUTURES],
    },
  ],
} satisfies Case;
