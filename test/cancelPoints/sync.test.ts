// Locks, events, conditions, semaphores and barriers, cancelled at every point. Anything handed to
// a task that left without it must go to the next waiter. One file, because it is a list of
// scenarios.

import { expect } from "vitest";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  CancelledError,
  Condition,
  type Coroutine,
  coroutine,
  createTask,
  Event,
  Lock,
  moveOnAfter,
  Semaphore,
  sleep,
  timeout,
  waitFor,
} from "../../src/index.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";
import { scale } from "../support/effort.ts";

const NAMES = ["a", "b", "c"];

/** The tasks inside, at most `places`. Each must enter in the order in which it queued up. */
class Room {
  readonly #places: number;
  #inside = 0;
  #lined = 0;
  #latest = 0;

  constructor(places: number) {
    this.#places = places;
  }

  lineUp(): number {
    return ++this.#lined;
  }

  enter(number: number): void {
    if (++this.#inside > this.#places) throw new Error("too many are inside");
    if (number < this.#latest) throw new Error("somebody jumped the queue");
    this.#latest = number;
  }

  leave(): void {
    this.#inside--;
  }
}

/** At the end, a lock or semaphore must be free for exactly as many tasks as at first. */
function checkFree(
  stage: Stage,
  what: { locked(): boolean; acquire(): Coroutine<true>; release(): void },
  places: number,
): void {
  stage.release(() => {
    createTask(function* () {
      for (let i = 0; i < places; i++) {
        if (what.locked()) throw new Error("a place got lost");
        yield* what.acquire();
      }
      if (!what.locked()) throw new Error("there are too many places");
      for (let i = 0; i < places; i++) what.release();
    });
  });
}

testCancelPoints("Lock", {
  "three tasks that acquire and release it"(stage) {
    const lock = new Lock();
    const room = new Room(1);
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        const number = room.lineUp();
        yield* lock.acquire();
        try {
          room.enter(number);
          yield* sleep(1);
          room.leave();
        } catch (error) {
          room.leave();
          throw error;
        } finally {
          lock.release();
          stage.point();
        }
      });
    }
    checkFree(stage, lock, 1);
  },
  "three tasks that hold it twice, and yield meanwhile"(stage) {
    const lock = new Lock();
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        for (let i = 0; i < 2; i++) {
          using _held = yield* lock.hold();
          stage.point();
          yield;
        }
        stage.point();
      });
    }
    checkFree(stage, lock, 1);
  },
  "decorated coroutines that hold it"(stage) {
    const lock = new Lock();
    const held = coroutine(function* (depth: number): Coroutine<void> {
      if (depth > 0) return yield* held(depth - 1);
      using _held = yield* lock.hold();
      yield* sleep(1);
    });
    for (const name of NAMES) stage.spawn(name, () => held(4));
    checkFree(stage, lock, 1);
  },
  "a release by a callback, in the turn of a timeout"(stage) {
    const lock = new Lock();
    stage.spawn("holder", function* () {
      yield* lock.acquire();
      stage.later(2, () => lock.release());
    });
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        const got = yield* moveOnAfter(2, () => lock.acquire());
        if (got) lock.release();
      });
    }
    checkFree(stage, lock, 1);
  },
  "tasks that acquire it through waitFor"(stage) {
    const lock = new Lock();
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        try {
          yield* waitFor(lock.acquire(), 2);
        } catch (error) {
          if (error instanceof CancelledError) throw error;
          return;
        }
        try {
          yield* sleep(1);
        } finally {
          lock.release();
        }
      });
    }
    checkFree(stage, lock, 1);
  },
});

testCancelPoints("Semaphore", {
  "four tasks that share two permits"(stage) {
    const semaphore = new BoundedSemaphore(2);
    const room = new Room(2);
    for (const name of [...NAMES, "d"]) {
      stage.spawn(name, function* () {
        const number = room.lineUp();
        using _held = yield* semaphore.hold();
        room.enter(number);
        try {
          yield* sleep(1);
        } finally {
          room.leave();
        }
      });
    }
    checkFree(stage, semaphore, 2);
  },
  "two releases in one step"(stage) {
    const semaphore = new Semaphore(0);
    let permits = 0;
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        yield* semaphore.acquire();
        permits--;
      });
    }
    stage.later(1, () => {
      semaphore.release();
      stage.point();
      semaphore.release();
      permits += 2;
    });
    stage.release(() => {
      // Every remaining task gets one, and the others are still available.
      const left = stage.left().length;
      if (left > 0 && !semaphore.locked()) throw new Error("somebody waits beside a permit");
      for (let i = 0; i < left; i++) semaphore.release();
      permits += left;
    });
    stage.check(() => {
      let free = 0;
      while (!semaphore.locked()) {
        free++;
        semaphore.acquire().next();
      }
      expect(free).toBe(permits);
    });
  },
});

testCancelPoints("Event", {
  "three tasks that wait, and one that sets and clears it"(stage) {
    const event = new Event();
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        expect(yield* event.wait()).toBe(true);
      });
    }
    stage.spawn("setter", function* () {
      try {
        yield* sleep(1);
      } finally {
        event.set();
        stage.point();
        event.clear();
      }
    });
    // A setter that is cancelled before its first step sets nothing.
    stage.release(() => event.set());
  },
});

testCancelPoints("Condition", {
  "two tasks that wait, and two that notify one each"(stage) {
    const condition = new Condition();
    let stock = 0;
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        using _held = yield* condition.hold();
        yield* condition.waitFor(() => stock > 0);
        stock--;
      });
    }
    for (const name of ["x", "y"]) {
      stage.spawn(name, function* () {
        using _held = yield* condition.hold();
        stock++;
        condition.notify();
        stage.point();
        yield;
      });
    }
    stage.release(() => {
      // If there is stock, no waiting consumer may be left.
      const left = stage.left().length;
      if (stock > 0 && left > 0) throw new Error("a notification got lost");
      createTask(function* () {
        using _held = yield* condition.hold();
        stock += left;
        condition.notifyAll();
      });
    });
    checkFree(stage, condition, 1);
  },
  "three tasks that wait, and are notified one by one"(stage) {
    const condition = new Condition();
    let notified = 0;
    let woken = 0;
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        using _held = yield* condition.hold();
        yield* condition.wait();
        woken++;
      });
    }
    stage.later(1, () => {
      createTask(function* () {
        using _held = yield* condition.hold();
        condition.notify(1);
        notified++;
        yield;
        condition.notify(1);
        notified++;
      });
    });
    stage.release(() => {
      const left = stage.left().length;
      // Notifications of cancelled tasks were passed on to the others, while there were any.
      if (left > 0 && woken < notified) throw new Error("a notification got lost");
      createTask(function* () {
        using _held = yield* condition.hold();
        condition.notifyAll();
      });
    });
    checkFree(stage, condition, 1);
  },
  "two conditions that share a lock"(stage) {
    const lock = new Lock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    let count = 0;
    stage.spawn("producer", function* () {
      for (let i = 0; i < 2; i++) {
        using _held = yield* lock.hold();
        yield* empty.waitFor(() => count === 0);
        count++;
        full.notify();
      }
    });
    stage.spawn("consumer", function* () {
      for (let i = 0; i < 2; i++) {
        using _held = yield* lock.hold();
        yield* full.waitFor(() => count > 0);
        count--;
        empty.notify();
      }
    });
    stage.release(() => stage.cancelLeft());
    checkFree(stage, lock, 1);
  },
});

testCancelPoints(
  "Condition with three cancellations",
  {
    "a task that waits while others want the lock"(stage) {
      const condition = new Condition();
      let isHeld = false;
      const waiter = stage.spawn("waiter", function* () {
        using _held = yield* condition.hold();
        try {
          yield* condition.wait();
        } finally {
          expect(isHeld, "the lock is somebody else's").toBe(false);
        }
      });
      stage.spawn("other", function* () {
        using _held = yield* condition.hold();
        isHeld = true;
        try {
          condition.notify();
          yield* sleep(1);
        } finally {
          isHeld = false;
        }
      });
      stage.release(() => {
        if (waiter.done()) return;
        createTask(function* () {
          using _held = yield* condition.hold();
          condition.notify();
        });
      });
      checkFree(stage, condition, 1);
    },
  },
  { cancels: 3, window: scale(2, 6) },
);

testCancelPoints("Barrier", {
  "three tasks that meet twice"(stage) {
    const barrier = new Barrier(3);
    const indices: number[] = [];
    for (const name of NAMES) {
      stage.spawn(name, function* () {
        try {
          for (let i = 0; i < 2; i++) {
            indices.push(yield* barrier.wait());
            yield;
          }
        } catch (error) {
          if (!(error instanceof BrokenBarrierError)) throw error;
        }
      });
    }
    stage.release(() => {
      expect(barrier.nWaiting).toBe(stage.left().length);
      createTask(() => barrier.abort());
    });
    stage.check(() => {
      expect(barrier.nWaiting).toBe(0);
      const rounds = [0, 1, 2].map((index) => indices.filter((other) => other === index).length);
      if (stage.isPeaceful) expect(rounds).toEqual([2, 2, 2]);
      else expect(Math.max(...rounds)).toBeLessThanOrEqual(2);
    });
  },
  "four tasks that meet in pairs, and one that resets the barrier"(stage) {
    const barrier = new Barrier(2);
    for (const name of [...NAMES, "d"]) {
      stage.spawn(name, function* () {
        try {
          yield* timeout(3, () => barrier.wait());
        } catch (error) {
          if (error instanceof CancelledError) throw error;
        }
      });
    }
    stage.spawn("resetter", function* () {
      yield;
      stage.point();
      yield* barrier.reset();
    });
    stage.check(() => expect([barrier.nWaiting, barrier.broken]).toEqual([0, false]));
  },
});
