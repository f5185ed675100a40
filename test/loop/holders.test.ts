import { afterEach, beforeEach, expect, test } from "vitest";
import { type EventLoop, newEventLoop } from "../../src/eventLoop.ts";
import { heldOn, holders, holdersOf } from "../../src/loop/holders.ts";
import { Lock } from "../../src/sync/lock.ts";
import { Semaphore } from "../../src/sync/semaphore.ts";
import { currentTask } from "../../src/tasks/awaitable.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newEventLoop({ debug: true });
});

afterEach(() => {
  loop.close();
  expect(holders.watchers).toBe(0);
});

test("notes in debug mode who holds a lock, until it is released", async () => {
  const lock = new Lock();
  await loop.runUntilComplete(function* () {
    yield* lock.acquire();
    const [holding] = heldOn(loop);
    // By identity: a runner would print all that hangs on a task.
    expect(holding?.what === lock && holding.by === currentTask()).toBe(true);
    lock.release();
    expect(heldOn(loop).length + holdersOf(lock).length).toBe(0);
  });
});

test("forgets who held a lock when nobody watches any more: it may be released unseen", async () => {
  const lock = new Lock();
  const semaphore = new Semaphore(0);
  await loop.runUntilComplete(function* () {
    yield* lock.acquire();
    semaphore.release();
    loop.setDebug(false);
    lock.release();
    yield* semaphore.acquire();
    loop.setDebug(true);
    expect(heldOn(loop).length + holdersOf(lock).length).toBe(0);
    semaphore.release();
    yield* semaphore.acquire();
  });
});
