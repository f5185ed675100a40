import { type EventLoopOptions, newEventLoop, type TimerHandle } from "mysyncio";
import {
  type Case,
  comparePhases,
  type Elapsed,
  type Measured,
  type Outcome,
} from "../harness/compare.ts";
import { shuffled } from "../shuffle.ts";
import { count, sized } from "../sizes.ts";

const TIMERS = sized(1_000_000);
/** Late enough that none fires. */
const FAR = 10_000_000;
/** Firing timers share this many delays, because the delays of hosts are whole milliseconds. */
const SPAN = 100;
const ORDER = shuffled(TIMERS);
const ROUNDS = 2;

const PHASES = ["add", "cancel"] as const;
type Times = Record<(typeof PHASES)[number], number>;
type Delay = (index: number) => number;
type CoreKind = NonNullable<EventLoopOptions["core"]>;

const DISTINCT: Delay = (index) => FAR + (ORDER[index] as number);
/** Like the timeouts of a server. Node keeps one list for each delay, so this is its best case. */
const SAME: Delay = () => FAR;

const nothing = () => {};

function timed(add: () => void, cancel: () => void): Times {
  const start = performance.now();
  add();
  const middle = performance.now();
  cancel();
  return { add: middle - start, cancel: performance.now() - middle };
}

function addAndCancelOurs(core: CoreKind, delay: Delay): Times {
  const loop = newEventLoop({ core });
  const timers: TimerHandle[] = [];
  const times = timed(
    () => {
      for (let i = 0; i < TIMERS; i++) timers.push(loop.callLater(delay(i), nothing));
    },
    () => {
      for (const index of ORDER) timers[index]?.cancel();
    },
  );
  loop.close();
  return times;
}

function addAndCancelHosts(delay: Delay): Times {
  const timers: ReturnType<typeof setTimeout>[] = [];
  return timed(
    () => {
      for (let i = 0; i < TIMERS; i++) timers.push(setTimeout(nothing, delay(i)));
    },
    () => {
      for (const index of ORDER) clearTimeout(timers[index]);
    },
  );
}

/** The lower bound: an object that can be cancelled, and its creation time. */
function makeAndEmptyObjects(delay: Delay): Times {
  const timers: { when: number; callback: (() => void) | undefined }[] = [];
  return timed(
    () => {
      for (let i = 0; i < TIMERS; i++) {
        timers.push({ when: performance.now() + delay(i), callback: nothing });
      }
    },
    () => {
      for (const index of ORDER) (timers[index] as (typeof timers)[number]).callback = undefined;
    },
  );
}

function addAndCancel(delay: Delay, of: string, rounds: number): Promise<Outcome[]> {
  return comparePhases(
    {
      what: (phase) => `${phase}, among ${count(TIMERS)} of ${of}`,
      phases: PHASES,
      operations: TIMERS,
      contestants: [
        { name: "callLater", run: () => addAndCancelOurs("wasm", delay) },
        {
          name: "callLater on the reference core",
          run: () => addAndCancelOurs("js", delay),
          target: () => ({ atLeast: 1.3 }),
        },
        {
          name: "setTimeout",
          run: () => addAndCancelHosts(delay),
          target: () => ({ atLeast: 12 }),
        },
        { name: "an object and the clock", run: () => makeAndEmptyObjects(delay), isLimit: true },
      ],
    },
    rounds,
  );
}

async function measure(rounds: number): Promise<Measured> {
  return {
    outcomes: [
      ...(await addAndCancel(DISTINCT, "distinct delays", rounds)),
      ...(await addAndCancel(SAME, "one delay", rounds)),
    ],
  };
}

/** The time to run all timers once they are due. */
function fireAll(schedule: (delay: number, callback: () => void) => void): Promise<Elapsed> {
  return new Promise((resolve) => {
    let left = TIMERS;
    let start = 0;
    const fire = () => {
      if (--left === 0) resolve({ milliseconds: performance.now() - start });
    };
    for (let i = 0; i < TIMERS; i++) schedule(1 + ((ORDER[i] as number) % SPAN), fire);
    const due = performance.now() + SPAN + 2;
    while (performance.now() < due);
    start = performance.now();
  });
}

async function fireOurs(core: CoreKind): Promise<Elapsed> {
  const loop = newEventLoop({ core });
  const firing = fireAll((delay, callback) => loop.callLater(delay, callback));
  const elapsed = await loop.runUntilComplete(firing);
  loop.close();
  return elapsed;
}

export default {
  name: "timersMillion",
  question: "What does a timer cost among a million?",
  rounds: ROUNDS,
  comparisons: [
    {
      what: `fire, ${count(TIMERS)} of ${SPAN} delays`,
      operations: TIMERS,
      ours: { name: "callLater", run: () => fireOurs("wasm") },
      others: [
        { name: "callLater on the reference core", run: () => fireOurs("js"), atLeast: 1.3 },
        {
          name: "setTimeout",
          run: () => fireAll((delay, callback) => setTimeout(callback, delay)),
          atLeast: 12,
        },
      ],
    },
  ],
  measure,
} satisfies Case;
