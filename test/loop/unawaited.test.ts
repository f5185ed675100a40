// In debug mode, coroutines that are never awaited are reported once, with the place of the call.
// One file, because what is reported and what is not are two sides of one rule.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as mysyncio from "../../src/index.ts";
import {
  asCompleted,
  Barrier,
  BoundedSemaphore,
  type Coroutine,
  coroutine,
  createTask,
  Event,
  type EventLoop,
  type ExceptionContext,
  ensureFuture,
  fromPromise,
  gather,
  getRunningLoop,
  iterate,
  Lock,
  mapConcurrent,
  moveOnAfter,
  Queue,
  race,
  run,
  shield,
  sleep,
  taskGroup,
  timeout,
  toPromise,
  wait,
  waitEvent,
  waitFor,
  withSignal,
} from "../../src/index.ts";
import { collectGarbage } from "../support/garbage.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let reports: ExceptionContext[];

beforeEach(() => {
  loop = newVirtualLoop({ debug: true });
  loop.slowCallbackDuration = Infinity;
  reports = collectReports(loop);
});

afterEach(() => {
  loop.close();
});

const crawlPages = coroutine(function* crawl(pages = 1): Coroutine<number> {
  yield* sleep(pages);
  return pages;
});

class Client {
  @coroutine
  *get(path: string): Coroutine<string> {
    yield;
    return path;
  }
}

function never(name: string): object {
  const text = `^The coroutine \`${name}\`, made at .*unawaited\\.test\\.ts.*:\\d+:\\d+, was never awaited`;
  return { message: expect.stringMatching(text) };
}

/** Runs `body` as a task on the loop, to its end. */
function runTask(body: () => Coroutine<unknown>): void {
  const task = loop.createTask(body);
  runDry(loop);
  task.result();
}

/** Waits until all earlier coroutines are collected: a coroutine made last is reported. */
async function collectUntilReported(): Promise<void> {
  (() => void makeSentinel())();
  await collectGarbage(() => reports.length > 0);
}

const makeSentinel = coroutine(function* sentinel() {});

const lock = new Lock();
const semaphore = new BoundedSemaphore(1);
const event = new Event();
const queue = new Queue<number>();

/** Calls that create a coroutine, and its name in the report. */
const CALLS: [string, () => unknown][] = [
  ["crawl", () => crawlPages()],
  ["get", () => new Client().get("/")],
  ["sleep", () => sleep(1)],
  ["Lock.acquire", () => lock.acquire()],
  ["BoundedSemaphore.acquire", () => semaphore.acquire()],
  ["BoundedSemaphore.with", () => semaphore.with(crawlPages)],
  ["Event.wait", () => event.wait()],
  ["Queue.get", () => queue.get()],
  ["Queue.put", () => queue.put(1)],
  ["fromPromise", () => fromPromise(Promise.resolve())],
  ["taskGroup", () => taskGroup(function* () {})],
  ["timeout", () => timeout(1, function* () {})],
  ["moveOnAfter", () => moveOnAfter(1, function* () {})],
  ["mapConcurrent", () => mapConcurrent([1], crawlPages)],
  ["wait", () => wait([crawlPages()])],
  ["waitFor", () => waitFor(crawlPages(), 1)],
  ["race", () => race([crawlPages()])],
  ["withSignal", () => withSignal(new AbortController().signal, crawlPages())],
  ["waitEvent", () => waitEvent(new EventTarget(), "x")],
  ["Barrier.abort", () => new Barrier(1).abort()],
  ["Barrier.reset", () => new Barrier(1).reset()],
  ["iterate", () => iterate([1]).next()],
  ["iterate.return", () => iterate([1]).return()],
  ["asCompleted", () => [...asCompleted([crawlPages()])]],
  ["forEach", () => mysyncio.forEach([1], crawlPages)],
  ["retry", () => mysyncio.retry(crawlPages)],
  ["anonymous", () => coroutine(function* () {})()],
];

describe("a coroutine that is never awaited is reported", () => {
  test.each(CALLS)("if it comes from %s, when the loop closes", (name, call) => {
    runTask(function* careless() {
      call();
    });
    expect(reports).toEqual([]);
    loop.close();
    loop.close();

    // The engine chooses the name of a method.
    const names = name.replace(/^\w+\./, "(\\w+\\.)?");
    expect(reports).toEqual([never(names)]);
  });

  test("when it is collected, and not again when the loop closes", async () => {
    runTask(function* () {
      crawlPages();
      new Client().get("/");
      yield;
    });
    await collectGarbage(() => reports.length > 1);
    const collected = reports.length;
    loop.close();

    expect([collected, reports.length]).toEqual([2, 2]);
    expect(reports).toEqual(expect.arrayContaining([never("crawl"), never("get")]));
  });

  test("when the loop closes, and not again when it is collected", async () => {
    runTask(function* () {
      crawlPages();
    });
    loop.close();
    const another = newVirtualLoop({ debug: true });
    const later = collectReports(another);
    another.callSoon(() => void crawlPages());
    runDry(another);
    await collectGarbage(() => later.length > 0);
    another.close();

    expect([reports.length, later.length]).toEqual([1, 1]);
  });

  test("even if it was created outside any turn, as in an event listener", () => {
    crawlPages();
    loop.close();

    expect(reports).toEqual([never("crawl")]);
  });

  test("by the loop in whose turn it was created", () => {
    const another = newVirtualLoop({ debug: true });
    const others = collectReports(another);
    runTask(function* () {
      crawlPages();
    });
    another.close();
    loop.close();

    expect([others, reports]).toEqual([[], [never("crawl")]]);
  });

  test("once, even if something still refers to it", () => {
    const kept = [crawlPages(1), crawlPages(2)];
    loop.close();

    expect([kept.length, reports.length]).toEqual([2, 2]);
  });

  test("even if the exception handler leaves another coroutine unawaited", () => {
    let calls = 0;
    loop.setExceptionHandler(() => {
      calls++;
      crawlPages();
    });
    crawlPages();
    loop.close();

    expect(calls).toBe(1);
  });

  test("by run in debug mode", async () => {
    const found: ExceptionContext[] = [];
    await run(
      function* (): Coroutine<void> {
        getRunningLoop().setExceptionHandler((_, context) => found.push(context));
        crawlPages();
        yield;
      },
      { debug: true },
    );

    expect(found).toEqual([never("crawl")]);
  });
});

describe("a coroutine is not reported", () => {
  const TAKEN: Record<string, () => Coroutine<unknown>> = {
    "that is awaited": function* () {
      yield* crawlPages();
      yield* sleep(1);
      yield* lock.acquire();
      lock.release();
    },
    "that becomes a task": function* () {
      yield* createTask(crawlPages());
      yield* createTask(sleep(1));
    },
    "whose task is cancelled before it starts": function* () {
      createTask(crawlPages()).cancel();
      yield;
    },
    "that is gathered, raced or waited for": function* () {
      yield* gather([crawlPages(), sleep(1)]);
      yield* race([crawlPages(), sleep(1), queue.get()]);
      yield* wait([crawlPages()]);
      yield* waitFor(crawlPages(), 100);
      yield* shield(crawlPages());
      for (const next of asCompleted([crawlPages(), sleep(1)])) yield* next;
    },
    "that loses a race which is decided at once": function* () {
      const done = createTask(crawlPages());
      yield* done;
      yield* race([done, crawlPages(), sleep(1)]);
    },
    "that never starts because its timeout has expired": function* () {
      try {
        yield* waitFor(crawlPages(), 0);
      } catch {}
    },
    "that is driven by hand": function* () {
      crawlPages().next();
      sleep(1).next();
      try {
        crawlPages().throw(new Error("by hand"));
      } catch {}
    },
    "that is closed by hand": function* () {
      crawlPages().return(0);
      sleep(1).return(undefined);
      queue.get().return(0);
    },
    "that a for loop iterates": function* () {
      for (const _ of crawlPages()) break;
    },
    "that an iterator yields": function* () {
      queue.putNowait(1);
      const it = iterate(queue);
      yield* it.next();
      yield* it.return();
    },
    "that a block awaits or a group starts": function* () {
      yield* timeout(10, function* () {
        yield* crawlPages();
      });
      yield* taskGroup(function* (group) {
        group.createTask(crawlPages());
        group.createTask(crawlPages);
        yield* crawlPages();
      });
      yield* mapConcurrent([1, 2], crawlPages);
    },
  };

  test.each(Object.entries(TAKEN))("%s", async (_, body) => {
    runTask(body);
    await collectUntilReported();
    loop.close();

    expect(reports).toEqual([never("sentinel")]);
  });

  const REFUSED: Record<string, () => unknown> = {
    "createTask without a loop": () => createTask(crawlPages()),
    "createTask with wrong options": () => loop.createTask(crawlPages(), { name: 1 as never }),
    "createTask of a closed loop": () => {
      const closed = newVirtualLoop();
      closed.close();
      closed.createTask(crawlPages());
    },
    "ensureFuture without a loop": () => ensureFuture(crawlPages()),
    "gather with an invalid argument": () => gather([crawlPages(), 5 as never, crawlPages()]),
    "race with an invalid argument": () => race([5 as never, crawlPages()]),
    "wait with a wrong timeout": () => wait([crawlPages()], { timeout: "x" as never }),
    "waitFor with a wrong timeout": () => waitFor(crawlPages(), "soon" as never),
    "shield without a loop": () => shield(crawlPages()),
    "withSignal without a signal": () => withSignal({} as never, crawlPages()),
    "asCompleted with a wrong timeout": () =>
      asCompleted([crawlPages()], { timeout: "x" as never }),
    "toPromise without a loop": () => toPromise(crawlPages()),
    "asCompleted of a coroutine": () => asCompleted(crawlPages() as never),
  };

  test.each(Object.entries(REFUSED))("if %s rejects it", (_, refuse) => {
    expect(refuse).toThrow();
    loop.close();

    expect(reports).toEqual([]);
  });

  test("outside debug mode", async () => {
    loop.setDebug(false);
    crawlPages();
    loop.setDebug(true);
    await collectUntilReported();
    loop.close();

    expect(reports).toEqual([never("sentinel")]);
  });

  test("after debug mode was turned off", async () => {
    crawlPages();
    loop.setDebug(false);
    loop.setDebug(true);
    await collectUntilReported();
    loop.close();

    expect(reports).toEqual([never("sentinel")]);
  });
});
