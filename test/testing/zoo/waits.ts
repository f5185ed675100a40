// Tasks that wait for something that never happens.

import {
  Condition,
  createTask,
  Event,
  type Future,
  gather,
  getRunningLoop,
  Lock,
  sleep,
  type Task,
} from "../../../src/index.ts";
import { type Animal, check } from "./animal.ts";

/** Two tasks take two locks, each in its own order. */
const lockOrder: Animal = {
  shows: "Deadlock",
  *program(isFixed) {
    const a = new Lock();
    const b = new Lock();
    function* both(first: Lock, second: Lock, delay: number) {
      for (let i = 0; i < delay; i++) yield;
      yield* first.acquire();
      yield;
      yield* second.acquire();
      second.release();
      first.release();
    }
    yield* gather([both(a, b, 0), isFixed ? both(a, b, 4) : both(b, a, 4)]);
  },
};

/** Checks a flag, yields, and then waits for the notification that came meanwhile. */
const lostNotification: Animal = {
  shows: "Deadlock",
  *program(isFixed) {
    let isReady = false;
    let waiting: Future<void> | undefined;
    function* consume() {
      if (isReady) return;
      if (!isFixed) yield;
      waiting = getRunningLoop().createFuture<void>();
      yield* waiting;
    }
    function* produce() {
      yield;
      yield;
      isReady = true;
      waiting?.setResult();
    }
    yield* gather([consume(), produce()]);
  },
};

/** Assumes after a wake-up that there is an item. */
const ifNotWhile: Animal = {
  shows: "took what was not there",
  *program(isFixed) {
    const condition = new Condition();
    const items: number[] = [];
    function* take() {
      yield* condition.acquire();
      if (isFixed) yield* condition.waitFor(() => items.length > 0);
      else if (items.length === 0) yield* condition.wait();
      check(items.length > 0, "took what was not there");
      items.pop();
      condition.release();
    }
    function* put(delay: number) {
      for (let i = 0; i < delay; i++) yield;
      yield* condition.acquire();
      items.push(1);
      condition.notifyAll();
      condition.release();
    }
    yield* gather([put(0), take(), put(3), take()]);
  },
};

/** Clears an event that was set meanwhile for the next round. */
const clearedEvent: Animal = {
  shows: "Deadlock",
  *program(isFixed) {
    const event = new Event();
    const jobs: number[] = [];
    let done = 0;
    function* work() {
      while (done < 2) {
        yield* event.wait();
        if (isFixed) event.clear();
        while (jobs.pop() !== undefined) {
          yield;
          done++;
        }
        if (!isFixed) {
          yield;
          event.clear();
        }
      }
    }
    function* order() {
      jobs.push(1);
      event.set();
      for (let i = 0; i < 6; i++) yield;
      jobs.push(2);
      event.set();
    }
    yield* gather([work(), order()]);
  },
};

/** Two tasks await each other, if the second one is quick. */
const eachOther: Animal = {
  shows: "in a cycle",
  *program(isFixed) {
    let second: Task<void> | undefined;
    let isDone = false;
    const first = createTask(function* () {
      for (let i = 0; i < 3; i++) yield;
      if (second !== undefined && !isDone && !isFixed) yield* second;
      isDone = true;
    });
    second = createTask(function* () {
      yield;
      if (!isDone) yield* first;
      isDone = true;
    });
    yield* second;
    yield* first;
  },
};

/** Waits in a loop for a flag that is set by a task which gave up. */
const retry: Animal = {
  shows: "still running",
  options: { maxSteps: 500 },
  *program(isFixed) {
    let isLocked = false;
    let isReady = false;
    function* prepare() {
      for (let i = 0; i < 3; i++) yield;
      if (isLocked && !isFixed) return; // assumes that another task will do it
      isReady = true;
    }
    function* other() {
      isLocked = true;
      yield;
      isLocked = false;
    }
    function* use() {
      while (!isReady) yield;
    }
    yield* gather([other(), prepare(), use()]);
  },
};

/**
 * A hand-written barrier: the last to arrive opens it, and closes it before the others have passed.
 */
const barrier: Animal = {
  shows: "Deadlock",
  *program(isFixed) {
    let arrived = 0;
    let round = 0;
    const event = new Event();
    let gate = event;
    function* pass() {
      const mine = gate;
      arrived++;
      if (arrived === 2) {
        arrived = 0;
        round++;
        gate.set();
        if (isFixed) gate = new Event();
        else {
          yield;
          gate.clear();
        }
        return;
      }
      yield; // reads the clock
      yield* (isFixed ? mine : gate).wait();
    }
    yield* gather([pass(), pass()]);
    check(round === 1, "the barrier never opened");
  },
};

/** Two sleeps end in the same millisecond, and the program relies on their order. */
const sameInstant: Animal = {
  shows: "before it was ready",
  *program(isFixed) {
    let isReady = false;
    const ready = new Event();
    function* prepare() {
      yield* sleep(10);
      isReady = true;
      ready.set();
    }
    function* use() {
      if (isFixed) yield* ready.wait();
      else yield* sleep(10);
      check(isReady, "it was used before it was ready");
    }
    yield* gather([prepare(), use()]);
  },
};

export const waits = {
  "two locks in two orders": lockOrder,
  "a lost notification": lostNotification,
  "`if` in place of `while`": ifNotWhile,
  "an event cleared too late": clearedEvent,
  "tasks that await each other": eachOther,
  "an endless retry": retry,
  "a barrier that closes too early": barrier,
  "two timers at the same instant": sameInstant,
};
