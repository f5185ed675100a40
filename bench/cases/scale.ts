import { type Coroutine, createTask, gather, newEventLoop, run } from "mysyncio";
import {
  type Case,
  type Contestant,
  type Curve,
  compare,
  type Elapsed,
  type Figure,
  type Measured,
} from "../harness/compare.ts";
import { BareLoop } from "../native/bareLoop.ts";
import { shuffled } from "../shuffle.ts";
import { count, sized } from "../sizes.ts";
import { addHostTimers, addTimers, bytesOfEach, parkNatively, parkTasks } from "../waiting.ts";

const SIZES = [...new Set([1_000, 10_000, 100_000, 1_000_000].map(sized))];
const SMALLEST = SIZES[0] as number;
const LARGEST = SIZES.at(-1) as number;
/** A smaller size is repeated until this number of operations is done. */
const OPERATIONS = LARGEST / 8;
const FAR = 10_000_000;

/**
 * Performs `size` operations concurrently, a number of times. Returns the measured time if only a
 * part of it counts.
 */
type Doing = (size: number, times: number) => unknown;

interface Work {
  readonly what: string;
  readonly of: string;
  readonly ours: Doing;
  readonly others: Readonly<Record<string, Doing>>;
}

function* giveWayOnce(): Coroutine<void> {
  yield;
}

async function giveWayOnceNatively(): Promise<void> {
  await undefined;
}

/**
 * Measures from the moment at which all tasks have started, because starting them is a different
 * operation.
 */
class Stopwatch {
  #left: number;
  #start = Number.NaN;

  constructor(size: number) {
    this.#left = size;
  }

  begin(): void {
    if (--this.#left === 0) this.#start = performance.now();
  }

  stop(): Elapsed {
    return { milliseconds: performance.now() - this.#start };
  }
}

function* giveWay(watch: Stopwatch, times: number): Coroutine<void> {
  watch.begin();
  for (let i = 0; i < times; i++) yield;
}

async function giveWayNatively(watch: Stopwatch, times: number): Promise<void> {
  watch.begin();
  for (let i = 0; i < times; i++) await undefined;
}

function* startAll(size: number, body: () => Coroutine<void>): Coroutine<void> {
  yield* gather(Array.from({ length: size }, () => createTask(body())));
}

function startAllNatively(size: number, body: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: size }, () => body()));
}

function stepBarely(size: number, body: () => Coroutine<void>): void {
  const loop = new BareLoop();
  for (let i = 0; i < size; i++) loop.wake(body());
  loop.run();
}

async function switchOurs(size: number, times: number): Promise<Elapsed> {
  const watch = new Stopwatch(size);
  await run(() => startAll(size, () => giveWay(watch, times)));
  return watch.stop();
}

async function switchNatively(size: number, times: number): Promise<Elapsed> {
  const watch = new Stopwatch(size);
  await startAllNatively(size, () => giveWayNatively(watch, times));
  return watch.stop();
}

function switchBarely(size: number, times: number): Elapsed {
  const watch = new Stopwatch(size);
  stepBarely(size, () => giveWay(watch, times));
  return watch.stop();
}

async function addAndCancel(size: number, times: number): Promise<void> {
  const order = shuffled(size);
  const loop = newEventLoop();
  for (let time = 0; time < times; time++) {
    const timers = Array.from(order, (at) => loop.callLater(FAR + at, () => {}));
    for (const index of order) timers[index]?.cancel();
  }
  loop.close();
}

function addAndCancelHosts(size: number, times: number): void {
  const order = shuffled(size);
  for (let time = 0; time < times; time++) {
    const timers = Array.from(order, (at) => setTimeout(() => {}, FAR + at));
    for (const index of order) clearTimeout(timers[index]);
  }
}

const WORKS: readonly Work[] = [
  {
    what: "start a task of one yield and await it",
    of: "tasks at once",
    async ours(size, times) {
      for (let time = 0; time < times; time++) await run(() => startAll(size, giveWayOnce));
    },
    others: {
      async "async functions"(size, times) {
        for (let time = 0; time < times; time++) await startAllNatively(size, giveWayOnceNatively);
      },
      "bare generators"(size, times) {
        for (let time = 0; time < times; time++) stepBarely(size, giveWayOnce);
      },
    },
  },
  {
    what: "switch to the next task",
    of: "tasks at once",
    ours: switchOurs,
    others: { "async functions": switchNatively, "bare generators": switchBarely },
  },
  {
    what: "add a timer of its own deadline and cancel it",
    of: "timers at once",
    ours: addAndCancel,
    others: { setTimeout: addAndCancelHosts },
  },
];

/** More switches than tasks, because a task's end is counted with its last switch. */
const SWITCHES_PER_TASK = 5;

async function costs(work: Work, rounds: number): Promise<Curve> {
  const contestants = Object.entries({ mysyncio: work.ours, ...work.others });
  const lines = contestants.map(([name]) => ({ name, values: [] as number[] }));
  for (const size of SIZES) {
    const isSwitch = work.what.startsWith("switch");
    const times = Math.max(1, Math.floor(OPERATIONS / size)) * (isSwitch ? SWITCHES_PER_TASK : 1);
    const [ours, ...others] = contestants.map(
      ([name, run]): Contestant => ({ name, run: () => run(size, times) }),
    );
    const outcome = await compare(
      { what: work.what, operations: size * times, ours: ours as Contestant, others },
      // The largest size takes long, and varies little.
      { rounds: size === LARGEST ? 1 : rounds, budget: 1_000 },
    );
    for (const [index, { median }] of [outcome.ours, ...outcome.others].entries()) {
      lines[index]?.values.push(median);
    }
  }
  return {
    what: work.what,
    of: work.of,
    unit: "ns",
    sizes: SIZES,
    lines,
  };
}

async function bytes(
  what: string,
  of: string,
  lines: readonly (readonly [string, (count: number) => () => void])[],
): Promise<Curve> {
  const weighed: Curve["lines"][number][] = [];
  for (const [name, make] of lines) {
    const values: number[] = [];
    for (const size of SIZES) {
      const weigh = () => run(() => bytesOfEach(size, () => make(size)));
      // The first run compiles, and grows structures that are kept. At the largest size, none are.
      if (size < LARGEST) await weigh();
      values.push(await weigh());
    }
    weighed.push({ name, values });
  }
  return { what, of, unit: "bytes", sizes: SIZES, lines: weighed };
}

function growth({ what, lines }: Curve): Figure[] {
  return lines.map(({ name, values }, index) => ({
    what: `${what}: ${count(LARGEST)} against ${count(SMALLEST)}`,
    note: name,
    value: (values.at(-1) as number) / (values[0] as number),
    unit: "times",
    ...(index === 0 ? { atMost: 2 } : {}),
  }));
}

async function measure(rounds: number): Promise<Measured> {
  const curves: Curve[] = [];
  for (const work of WORKS) curves.push(await costs(work, rounds));
  const figures = curves.flatMap(growth);
  curves.push(
    await bytes("a task that waits, with its future", "tasks at once", [
      ["mysyncio", parkTasks],
      ["async function and promise", parkNatively],
    ]),
    await bytes("a pending timer", "timers at once", [
      ["callLater", addTimers],
      ["setTimeout", addHostTimers],
    ]),
  );
  return { figures, curves };
}

export default {
  name: "scale",
  question: "Do tasks and timers cost more when there are more of them?",
  rounds: 2,
  measure,
} satisfies Case;
