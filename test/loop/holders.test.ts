import { afterEach, beforeEach, expect, test } from "vitest";
import { currentTask, type EventLoop, Lock, newEventLoop, Semaphore } from "../../src/index.ts";
import { heldOn, holders, holdersOf, recordHeld } from "../../src/loop/holders.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newEventLoop({ debug: true });
});

afterEach(() => {
  loop.close();
  expect(holders.watchers).toBe(0);
});

test("debug mode records the holder of a lock until it is released", async () => {
  const lock = new Lock();
  recordHeld(loop);
  await loop.runUntilComplete(function* () {
    yield* lock.acquire();
    const [holding] = heldOn(loop);
    // By identity, because a test runner would print everything that a task refers to.
    expect(holding?.primitive === lock && holding.by === currentTask()).toBe(true);
    lock.release();
    expect(heldOn(loop).length + holdersOf(lock).length).toBe(0);
  });
});

test("the holder of a lock is forgotten when no loop records holders anymore, because nothing would record the release", async () => {
  const lock = new Lock();
  const semaphore = new Semaphore(0);
  await loop.runUntilComplete(function* () {
    yield* lock.acquire();
    semaphore.release();
    loop.setDebug(false);
    lock.release();
    yield* semaphore.acquire();
    loop.setDebug(true);
    expect(holdersOf(lock).length).toBe(0);
    semaphore.release();
    yield* semaphore.acquire();
  });
});
