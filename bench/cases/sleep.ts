import { type Coroutine, gather, run, sleep } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareLoop, BareTimers, PARKED } from "../native/bareLoop.ts";
import { count, sized } from "../sizes.ts";

const TASKS = sized(100_000);
/**
 * Delays of 0 to 9 ms: starting all sleeps takes longer, so only work is measured, and no waiting.
 */
const SPAN = 10;

function* sleepAll(): Coroutine<void> {
  yield* gather(Array.from({ length: TASKS }, (_, index) => sleepOnce(index % SPAN)));
}

function* sleepOnce(delay: number): Coroutine<void> {
  yield* sleep(delay);
}

async function sleepOnceNatively(delay: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, delay);
  });
}

function sleepAllNatively(): Promise<unknown> {
  return Promise.all(Array.from({ length: TASKS }, (_, index) => sleepOnceNatively(index % SPAN)));
}

function* sleepOnceBarely(timers: BareTimers, delay: number): Generator<typeof PARKED, void> {
  timers.start(delay);
  yield PARKED;
}

/** The lower bound: generators, and for each an object and a reading of the clock. */
function sleepAllBarely(): void {
  const loop = new BareLoop();
  const timers = new BareTimers(loop);
  for (let i = 0; i < TASKS; i++) loop.wake(sleepOnceBarely(timers, i % SPAN));
  timers.run();
}

export default {
  name: "sleep",
  question: "What does a sleeping task cost, among many?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks sleep for 0 to ${SPAN - 1} ms`,
      operations: TASKS,
      ours: { name: "sleep", run: () => run(sleepAll) },
      others: [
        { name: "promises and setTimeout", run: sleepAllNatively, lacks: "cancel a sleep" },
        { name: "bare generators and the clock", run: sleepAllBarely, isLimit: true },
      ],
      peers: ["sleep", TASKS, SPAN],
    },
  ],
} satisfies Case;
