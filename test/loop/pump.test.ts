// The loop as a guest of its host: on the host's clock, woken by the host.

import { beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  type EventLoop,
  fromPromise,
  getRunningLoop,
  newEventLoop,
  run,
  sleep,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";

/** Longer than any test could wait. */
const AGES = 1e9;

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newEventLoop();
  trace = [];
});

function push(letter: string): void {
  trace.push(letter);
}

function pushAndStop(letter: string): void {
  trace.push(letter);
  loop.stop();
}

test("nothing runs in the call that starts the loop", async () => {
  loop.callSoon(pushAndStop, "b");
  const running = loop.runForever();
  push("a");
  await running;

  expect(trace.join("")).toBe("ab");
});

test("timers never run early", async () => {
  const early: string[] = [];
  const delays = [0, 0.1, 0.9, 1, 1.5, 2.3, 5.7, 7.01, 13, 20.6];
  let left = delays.length;
  for (const delay of delays) {
    const timer = loop.callLater(delay, () => {
      const now = loop.time();
      if (now < timer.when()) early.push(`${delay}: at ${now} instead of ${timer.when()}`);
      if (--left === 0) loop.stop();
    });
  }
  await loop.runForever();

  expect(early).toEqual([]);
});

describe("an idle loop", () => {
  /** Runs the loop, and calls `wake` in a task of the host once nothing is left to do. */
  async function wokenBy(wake: () => void): Promise<string> {
    const running = loop.runForever();
    await hostTimer(2);
    push("idle ");
    wake();
    await running;
    return trace.join("");
  }

  test("wakes for a callback that is added from outside", async () => {
    expect(await wokenBy(() => loop.callSoon(pushAndStop, "a"))).toBe("idle a");
  });

  test("wakes for a timer that is added from outside", async () => {
    expect(await wokenBy(() => loop.callLater(1, pushAndStop, "a"))).toBe("idle a");
  });

  test("wakes for a timer that is due before the one that it sleeps for", async () => {
    loop.callLater(AGES, push, "x");

    expect(await wokenBy(() => loop.callLater(1, pushAndStop, "a"))).toBe("idle a");
  });

  test("wakes for a future that is completed from outside", async () => {
    const future = loop.createFuture<string>();
    loop.createTask(function* (): Coroutine<void> {
      pushAndStop(yield* future);
    });

    expect(await wokenBy(() => future.setResult("a"))).toBe("idle a");
  });

  test("wakes for a task that is created from outside", async () => {
    const wake = () =>
      loop.createTask(function* (): Coroutine<void> {
        yield;
        pushAndStop("a");
      });

    expect(await wokenBy(wake)).toBe("idle a");
  });

  test("wakes for a task that is cancelled from outside", async () => {
    const task = loop.createTask(sleep(AGES));
    task.addDoneCallback(() => pushAndStop("cancelled"));

    expect(await wokenBy(() => task.cancel())).toBe("idle cancelled");
  });

  test("ends when it is stopped from outside", async () => {
    expect(await wokenBy(() => loop.stop())).toBe("idle ");
  });

  test("runs work from outside before the host continues", async () => {
    const running = loop.runForever();
    const host = new Promise<void>((resolve) => {
      setTimeout(() => {
        loop.callSoon(push, "a");
        setTimeout(() => {
          pushAndStop("host");
          resolve();
        }, 0);
      }, 1);
    });
    await host;
    await running;

    expect(trace).toEqual(["a", "host"]);
  });
});

test("a loop that stopped can run again", async () => {
  for (const letter of "abc") {
    loop.callLater(1, pushAndStop, letter);
    await loop.runForever();
  }

  expect(trace.join("")).toBe("abc");
});

test("a loop that is closed while a turn is scheduled on the host stays closed", async () => {
  loop.callSoon(() => loop.stop());
  await loop.runForever();
  loop.close();
  await hostTimer(2);

  expect([loop.isRunning(), loop.isClosed()]).toEqual([false, true]);
});

test("several loops run on one thread, and each is the running loop in its own tasks", async () => {
  const loops = [loop, newEventLoop(), newEventLoop()];
  function* check(own: EventLoop): Coroutine<boolean> {
    let isOwn = true;
    for (let i = 0; i < 5; i++) {
      yield* sleep(0.5);
      isOwn &&= getRunningLoop() === own;
    }
    return isOwn;
  }

  expect(await Promise.all(loops.map((own) => own.runUntilComplete(check(own))))).toEqual([
    true,
    true,
    true,
  ]);
});

test("run() inside a task of another loop runs on its own loop", async () => {
  const seen: EventLoop[] = [];
  const result = await loop.runUntilComplete(function* (): Coroutine<string> {
    const inner = run(function* (): Coroutine<string> {
      yield* sleep(1);
      seen.push(getRunningLoop());
      return "inner";
    });
    seen.push(getRunningLoop());
    return yield* fromPromise(inner);
  });

  expect([result, seen[0] === loop, seen[1] === loop]).toEqual(["inner", true, false]);
});
