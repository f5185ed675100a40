import { type Coroutine, gather, run, timeout } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { BareLoop, BareTimers } from "../native/bareLoop.ts";
import { race, withTimer } from "../native/timeouts.ts";
import { count, sized } from "../sizes.ts";

const TIMES = sized(100_000);
const AT_ONCE = sized(1_000);
const DELAY = 30_000;

function* work(): Coroutine<void> {
  yield;
}

async function nativeWork(): Promise<void> {
  await undefined;
}

function* workOn(item: number): Coroutine<number> {
  yield;
  return item;
}

async function nativeWorkOn(item: number): Promise<number> {
  await undefined;
  return item;
}

function* inTime(times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* timeout(DELAY, work);
}

function* withArgument(): Coroutine<void> {
  for (let i = 0; i < TIMES; i++) yield* timeout(DELAY, workOn, i);
}

function* withArrowFunction(): Coroutine<void> {
  for (let i = 0; i < TIMES; i++) yield* timeout(DELAY, () => workOn(i));
}

function* withBlock(): Coroutine<void> {
  for (let i = 0; i < TIMES; i++) {
    yield* timeout(DELAY, function* () {
      return yield* workOn(i);
    });
  }
}

async function withArgumentNatively(): Promise<void> {
  for (let i = 0; i < TIMES; i++) await withTimer(DELAY, () => nativeWorkOn(i));
}

type WithTimeout = (delay: number, work: () => Promise<void>) => Promise<void>;

async function inTimeNatively(withTimeout: WithTimeout, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await withTimeout(DELAY, nativeWork);
}

const eachHas = TIMES / AT_ONCE;

function* allInTime(): Coroutine<void> {
  yield* gather(Array.from({ length: AT_ONCE }, () => inTime(eachHas)));
}

function allInTimeNatively(withTimeout: WithTimeout): Promise<unknown> {
  const tasks = Array.from({ length: AT_ONCE }, () => inTimeNatively(withTimeout, eachHas));
  return Promise.all(tasks);
}

function* inTimeBarely(timers: BareTimers, times: number): Generator<unknown, void> {
  for (let i = 0; i < times; i++) {
    const timer = timers.start(DELAY);
    yield* work();
    timers.stop(timer);
  }
}

/**
 * The lower bound: generators, an object and a reading of the clock for each timeout, and one more
 * reading per turn.
 */
function allInTimeBarely(tasks: number, times: number): void {
  const loop = new BareLoop();
  const timers = new BareTimers(loop);
  for (let i = 0; i < tasks; i++) loop.wake(inTimeBarely(timers, times));
  timers.run();
}

/** What the timeouts by hand lack. */
const LACKS = "stop the work when the time is up";

export default {
  name: "timeout",
  question: "What does a timeout around work that ends in time cost?",
  comparisons: [
    {
      what: `${count(TIMES)} times, one after the other`,
      operations: TIMES,
      ours: { name: "timeout", run: () => run(() => inTime(TIMES)) },
      others: [
        { name: "Promise.race", run: () => inTimeNatively(race, TIMES), atLeast: 1, lacks: LACKS },
        {
          name: "a promise and a timer",
          run: () => inTimeNatively(withTimer, TIMES),
          atLeast: 1,
          lacks: LACKS,
        },
        {
          name: "bare generators and the clock",
          run: () => allInTimeBarely(1, TIMES),
          isLimit: true,
        },
      ],
      peers: ["timeout", TIMES],
    },
    {
      what: `${count(TIMES)} times, with an argument`,
      operations: TIMES,
      ours: { name: "timeout(delay, work, item)", run: () => run(withArgument) },
      others: [
        { name: "the same with an arrow function", run: () => run(withArrowFunction) },
        { name: "the same with a block for each", run: () => run(withBlock) },
        { name: "a promise and a timer", run: withArgumentNatively, atLeast: 1, lacks: LACKS },
        {
          name: "bare generators and the clock",
          run: () => allInTimeBarely(1, TIMES),
          isLimit: true,
        },
      ],
    },
    {
      what: `${count(AT_ONCE)} tasks at once, ${count(eachHas)} times each`,
      operations: TIMES,
      ours: { name: "timeout", run: () => run(allInTime) },
      others: [
        { name: "Promise.race", run: () => allInTimeNatively(race), atLeast: 1, lacks: LACKS },
        {
          name: "a promise and a timer",
          run: () => allInTimeNatively(withTimer),
          atLeast: 1,
          lacks: LACKS,
        },
        {
          name: "bare generators and the clock",
          run: () => allInTimeBarely(AT_ONCE, eachHas),
          isLimit: true,
        },
      ],
    },
  ],
} satisfies Case;
