import fc from "fast-check";
import { type Coroutine, gather, runSync, sleep } from "mysyncio";
import { explore, type Strategy, VirtualClock } from "mysyncio/testing";
import type { Case, Figure } from "../harness/compare.ts";
import { count, isTrial, sized } from "../sizes.ts";

const RUNS = sized(2_000);
const TASKS = 3;
const STEPS = 10;
/** The longest time allowed for one schedule, in microseconds: 20,000 schedules per second. */
const BUDGET = 50;
/** How many sleeps of one second fill a day. */
const SLEEPS = sized(86_400);
const SLEEPERS = isTrial ? 10 : 100;
const ROUNDS = 5;
const MAX_RUNS = sized(10_000);
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function* steps(): Coroutine<void> {
  for (let step = 1; step < STEPS; step++) yield;
}

const program = () => gather(Array.from({ length: TASKS }, steps));

/** The real time that a day of sleeps takes on the virtual clock, in milliseconds. */
function timeToSleep(): number {
  function* sleepOften(): Coroutine<void> {
    for (let left = SLEEPS / SLEEPERS; left > 0; left--) yield* sleep(1_000);
  }
  const start = performance.now();
  runSync(() => gather(Array.from({ length: SLEEPERS }, sleepOften)), {
    clock: new VirtualClock(),
  });
  return performance.now() - start;
}

/** The same for promises: at each `await`, fast-check makes a choice. */
async function runScheduled(scheduler: fc.Scheduler): Promise<void> {
  async function asyncSteps(): Promise<void> {
    for (let step = 1; step < STEPS; step++) await scheduler.schedule(Promise.resolve());
  }
  const all = Promise.all(Array.from({ length: TASKS }, asyncSteps));
  await scheduler.waitFor(all);
}

/**
 * The same bug in a program with coroutines and in one with promises. Both throw when the bug
 * occurs. Awaiting `pause()` yields to the others.
 */
interface Bug {
  readonly name: string;
  ours(): Coroutine<unknown>;
  theirs(pause: () => Promise<void>): Promise<unknown>;
}

function check(holds: boolean): void {
  if (!holds) throw new Error("a bug");
}

const BUGS: readonly Bug[] = [
  {
    name: "a lost update",
    *ours() {
      let count = 0;
      function* increment(delay: number): Coroutine<void> {
        for (let i = 0; i < delay; i++) yield;
        const old = count;
        yield;
        count = old + 1;
      }
      yield* gather([increment(0), increment(4)]);
      check(count === 2);
    },
    async theirs(pause) {
      let count = 0;
      async function increment(delay: number): Promise<void> {
        for (let i = 0; i < delay; i++) await pause();
        const old = count;
        await pause();
        count = old + 1;
      }
      await Promise.all([increment(0), increment(4)]);
      check(count === 2);
    },
  },
  {
    name: "made twice",
    *ours() {
      let made = 0;
      let isThere = false;
      function* use(delay: number): Coroutine<void> {
        for (let i = 0; i < delay; i++) yield;
        if (isThere) return;
        yield;
        made++;
        isThere = true;
      }
      yield* gather([use(0), use(3), use(6)]);
      check(made === 1);
    },
    async theirs(pause) {
      let made = 0;
      let isThere = false;
      async function use(delay: number): Promise<void> {
        for (let i = 0; i < delay; i++) await pause();
        if (isThere) return;
        await pause();
        made++;
        isThere = true;
      }
      await Promise.all([use(0), use(3), use(6)]);
      check(made === 1);
    },
  },
  {
    name: "a dirty read",
    *ours() {
      const accounts = { a: 50, b: 50 };
      function* transfer(): Coroutine<void> {
        for (let i = 0; i < 6; i++) yield;
        accounts.a -= 10;
        yield;
        accounts.b += 10;
      }
      function* audit(): Coroutine<void> {
        yield;
        yield;
        check(accounts.a + accounts.b === 100);
      }
      yield* gather([transfer(), audit()]);
    },
    async theirs(pause) {
      const accounts = { a: 50, b: 50 };
      async function transfer(): Promise<void> {
        for (let i = 0; i < 6; i++) await pause();
        accounts.a -= 10;
        await pause();
        accounts.b += 10;
      }
      async function audit(): Promise<void> {
        await pause();
        await pause();
        check(accounts.a + accounts.b === 100);
      }
      await Promise.all([transfer(), audit()]);
    },
  },
];

async function runsOfOurs({ ours }: Bug, strategy: Strategy, seed: number): Promise<number> {
  try {
    await explore(ours, { strategy, seed, runs: MAX_RUNS });
    return MAX_RUNS;
  } catch (error) {
    return (error as { runs: number }).runs;
  }
}

async function runsOfTheirs({ theirs }: Bug, seed: number): Promise<number> {
  let runs = 0;
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    runs++;
    await scheduler.waitFor(theirs(() => scheduler.schedule(Promise.resolve())));
  });
  await fc.check(property, { seed, numRuns: MAX_RUNS, endOnFailure: true });
  return runs;
}

async function median(runsFor: (seed: number) => Promise<number>): Promise<number> {
  const runs: number[] = [];
  for (const seed of SEEDS) runs.push(await runsFor(seed));
  return middleOf(runs);
}

function middleOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
}

export default {
  name: "explore",
  question: "What does trying one order of a program cost, and how many orders find a bug?",
  comparisons: [
    {
      what: `${count(RUNS)} orders of ${TASKS} tasks x ${STEPS} steps`,
      operations: RUNS,
      ours: { name: "explore", run: () => explore(program, { runs: RUNS }) },
      others: [
        {
          name: "fast-check's scheduler",
          run: () => fc.assert(fc.asyncProperty(fc.scheduler(), runScheduled), { numRuns: RUNS }),
        },
      ],
    },
  ],
  async measure() {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Processor time, so that schedules per second do not depend on other processes.
      const start = process.cpuUsage();
      await explore(program, { runs: RUNS, seed: round });
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / RUNS);
    }
    const figures: Figure[] = [
      {
        what: `one order of ${TASKS} tasks x ${STEPS} steps, processor time`,
        value: middleOf(times),
        unit: "us",
        atMost: BUDGET,
      },
    ];
    figures.push({
      what: `${SLEEPS.toLocaleString("en")} virtual sleeps of a second by ${SLEEPERS} tasks`,
      value: middleOf(Array.from({ length: ROUNDS }, timeToSleep)),
      unit: "ms",
      atMost: 1_000,
    });
    for (const bug of BUGS) {
      const theirs = await median((seed) => runsOfTheirs(bug, seed));
      for (const strategy of ["random", "pct", "exhaustive"] as const) {
        const value = await median((seed) => runsOfOurs(bug, strategy, seed));
        const note = `fast-check's scheduler: ${theirs}`;
        figures.push({ what: `${bug.name}, by ${strategy}`, value, unit: "runs", note });
      }
    }
    return { figures };
  },
} satisfies Case;
