import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  type LoopHooks,
  type LoopWarning,
  newEventLoop,
} from "../../../src/index.ts";
import type { LoopShape } from "../../../src/inspector/shapes.ts";
import { Detector } from "../../../src/inspector/warnings/detector.ts";
import { hostTimer } from "../../support/host.ts";

/** The time of the loop and of its steps, in milliseconds. */
class Time {
  now = 0;
  /** How many milliseconds pass before the next turn. */
  pause = 0;
}

type Ids = [id: string, evidence: string][];

/** Runs a program on a loop whose time only passes when the program says so. */
async function run(program: (time: Time, list: () => Ids) => Coroutine<unknown>): Promise<Ids> {
  const time = new Time();
  const loop = newEventLoop({ clock: { now: () => time.now } });
  const names = new Map<object, number>();
  const idOf = (object: object): number => {
    const id = names.get(object) ?? names.size + 1;
    names.set(object, id);
    return id;
  };
  const ways = {
    ...{ now: () => time.now, idOf, labelOf: () => "" },
    placeOf: (task: { getName(): string }) => task.getName(),
  };
  const detector = new Detector(loop as unknown as LoopShape, ways, new Set());
  loop.instrument({
    turnBegins() {
      time.now += time.pause;
      time.pause = 0;
    },
  });
  loop.instrument(detector.hooks() as LoopHooks);
  const list = (): Ids => {
    detector.poll();
    return detector.list(idOf).map(({ id, evidence }: LoopWarning) => [id, evidence]);
  };
  try {
    await loop.runUntilComplete(() => program(time, list));
    return list();
  } finally {
    detector.close();
    loop.close();
  }
}

const ids = (all: Ids): string[] => all.map(([id]) => id);

/** Takes steps of these lengths, and lets `pause` pass after each. All in milliseconds. */
function stepping(lengths: readonly number[], pause: number): Promise<Ids> {
  return run(function* (time) {
    for (const length of lengths) {
      yield;
      time.now += length;
      time.pause = pause;
    }
    yield;
  });
}

describe("slow-step", () => {
  test("is raised when a function is slow again a second later", async () => {
    expect(await stepping([150, 240], 1_000)).toEqual([
      ["slow-step", "2 steps took up to 240 ms in 1.2 s"],
    ]);
  });

  test("is not raised for slow steps within a second, or for a single slow step", async () => {
    expect(await stepping([150, 200, 110], 10)).toEqual([]);
    expect(await stepping([900, 10, 10, 10, 10], 1_000)).toEqual([]);
  });

  test("is not raised for many short steps", async () => {
    expect(await stepping(Array(100).fill(99), 100)).toEqual([]);
  });

  test("is raised for callbacks, and names them", async () => {
    const found = await run(function* (time) {
      for (let i = 0; i < 3; i++) {
        getRunningLoop().callSoon(function refresh() {
          time.now += 300;
        });
        yield;
        time.pause = 1_000;
        yield;
      }
    });
    expect(ids(found)).toEqual(["slow-step"]);
  });

  test("counts each step of an eagerly started task only once", async () => {
    const found = await run(function* (time) {
      function* eager(): Coroutine<void> {
        time.now += 150;
      }
      for (let i = 0; i < 3; i++) {
        yield;
        createTask(eager, { eagerStart: true });
        time.pause = 1_000;
        yield;
      }
    });
    expect(found).toEqual([["slow-step", "3 steps took up to 150 ms in 2.3 s"]]);
  });
});

describe("not-yielding", () => {
  test("is raised for a step that takes longer than a second", async () => {
    expect(await stepping([4_200], 10)).toEqual([["not-yielding", "a step took 4.2 s"]]);
  });

  test("is raised before the step has ended", async () => {
    let during: Ids = [];
    await run(function* (time, list) {
      yield;
      time.now += 1_500;
      during = list();
    });
    expect(during).toEqual([["not-yielding", "its step has been running for 1.5 s"]]);
  });

  test("is not raised for a step that has ended, even if the search for warnings began during it", async () => {
    const time = new Time();
    const loop = newEventLoop({ clock: { now: () => time.now } });
    const ways = { now: () => time.now, idOf: () => 1, labelOf: () => "", placeOf: () => "" };
    const end = loop.createFuture<void>();
    let detector: Detector | undefined;
    const running = loop.runUntilComplete(function* () {
      detector = new Detector(loop as unknown as LoopShape, ways, new Set());
      loop.instrument(detector.hooks() as LoopHooks);
      yield* end;
    });
    while (detector === undefined) await hostTimer();
    time.now += 2_500;
    detector.poll();
    const found = detector.list(() => 1);
    loop.callSoonThreadsafe(() => end.setResult());
    await running;
    detector.close();
    loop.close();

    expect(found).toEqual([]);
  });

  test("is not raised for work that yields between parts, however long it takes in total", async () => {
    expect(ids(await stepping(Array(200).fill(50), 0))).toEqual([]);
  });
});

describe("self-yielding", () => {
  /** Yields again and again, after `each` milliseconds in each step. */
  async function yielding(count: number, each: number, wait?: () => Coroutine<unknown>) {
    let found: Ids = [];
    await run(function* (time, list) {
      for (let i = 0; i < count; i++) {
        time.pause = 0.1;
        time.now += each;
        yield;
        if (wait !== undefined && i % 500 === 0) yield* wait();
      }
      found = list(); // later, the task has ended
    });
    return found;
  }

  test("is raised for a task that keeps polling", async () => {
    expect(await yielding(100_000, 0.001)).toMatchObject([
      ["self-yielding", expect.stringMatching(/^[\d,]+ steps in \d+\.\d s, each of which ended/)],
    ]);
  });

  test("is not raised for a task that works between its yields, or waits now and then", async () => {
    expect(ids(await yielding(25_000, 0.05))).toEqual([]);
    expect(ids(await yielding(25_000, 0.001, () => fromPromise(Promise.resolve())))).toEqual([]);
  });

  test("is not raised for polling that lasts less than two seconds", async () => {
    expect(ids(await yielding(14_000, 0.001))).toEqual([]);
  });
});

describe("promise-loop", () => {
  async function awaiting(count: number, each: number) {
    let found: Ids = [];
    await run(function* (time, list) {
      for (let i = 0; i < count; i++) {
        const promise = Promise.resolve().then(() => {
          time.now += each;
        });
        yield* fromPromise(promise);
        time.now += 0.1;
      }
      found = list();
    });
    return found;
  }

  test("is raised for a task that awaits settled promises one after another", async () => {
    expect(await awaiting(50_000, 0)).toMatchObject([
      [
        "promise-loop",
        expect.stringMatching(/^[\d,]+ promises in \d+\.\d s, none of which took time$/),
      ],
    ]);
  });

  test("is not raised for promises that take time, or for only a few promises", async () => {
    expect(ids(await awaiting(20_000, 0.2))).toEqual([]);
    expect(ids(await awaiting(5_000, 0))).toEqual([]);
  });
});
