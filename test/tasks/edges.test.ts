// An item that arrives in the turn of a deadline, an abort or a cancellation is either returned or
// left where it was. It is never duplicated or lost.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  type EventLoop,
  iterate,
  Lock,
  moveOnAfter,
  Queue,
  race,
  Semaphore,
  taskGroup,
  timeout,
  waitFor,
  withSignal,
} from "../../src/index.ts";
import { StreamReader } from "../../src/io/streamReader.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

/** Something to take, and a way to see how much of it is left. */
interface Scene {
  take(): Coroutine<unknown>;
  give(): void;
  left(): number;
  /** The value of `left` after the item was provided and nobody took it. */
  readonly whole: number;
}

const NEVER = new Queue<never>();

const scenes: Record<string, () => Scene> = {
  "an item": () => {
    const queue = new Queue<number>();
    return {
      take: () => queue.get(),
      give: () => queue.putNowait(1),
      left: () => queue.qsize(),
      whole: 1,
    };
  },
  "an item of an iteration": () => {
    const queue = new Queue<number>();
    const items = iterate(queue);
    return {
      take: () => items.next(),
      give: () => queue.putNowait(1),
      left: () => queue.qsize(),
      whole: 1,
    };
  },
  "a lock": () => {
    const lock = new Lock();
    lock._wait();
    return {
      take: () => lock.acquire(),
      give: () => lock.release(),
      left: () => Number(!lock.locked()),
      whole: 1,
    };
  },
  "a permit": () => {
    const semaphore = new Semaphore(0);
    return {
      take: () => semaphore.acquire(),
      give: () => semaphore.release(),
      left: () => semaphore._value,
      whole: 1,
    };
  },
  "bytes of a stream": () => {
    const reader = new StreamReader();
    let isRead = false;
    return {
      *take() {
        const line = yield* reader.readline();
        isRead = true;
        return line;
      },
      give: () => {
        reader._feedData(Uint8Array.of(65, 10));
        reader._feedEof();
      },
      left: () => Number(!reader.atEof()),
      get whole() {
        return isRead ? 0 : 1;
      },
    };
  },
};

const bounds: Record<
  string,
  (take: () => Coroutine<unknown>, at: number, own: EventLoop) => () => Coroutine<unknown>
> = {
  timeout: (take, at) => () => timeout(at, take),
  moveOnAfter: (take, at) => () => moveOnAfter(at, take),
  waitFor: (take, at) => () => waitFor(take(), at),
  withSignal: (take, at, own) => {
    const controller = new AbortController();
    own.callAt(at, () => controller.abort());
    return () => withSignal(controller.signal, take());
  },
  "a race in a timeout": (take, at) => () => timeout(at, () => race([NEVER.get(), take()])),
  "a timeout in a race": (take, at) => () => race([NEVER.get(), timeout(at, take)]),
  "a task group": (take, at, own) => () =>
    taskGroup(function* (group) {
      const child = group.createTask(take());
      own.callAt(at, () => child.cancel());
      return yield* child;
    }),
};

describe.each(Object.keys(bounds))("%s around a wait", (bound) => {
  test.each(Object.keys(scenes))("never loses %s at the deadline", (name) => {
    const ends = new Set<string>();
    // A timer provides the item: at the deadline's instant, before or after it in order, or some
    // turns later.
    for (const isFirst of [true, false]) {
      for (let turns = 0; turns < 6; turns++) {
        const own = newVirtualLoop();
        // Without this, the clock would stand still, because bytes come from outside.
        Object.defineProperty(own, "_external", { get: () => 0, set: () => undefined });
        const { take, give, left, whole } = (scenes[name] as () => Scene)();
        let step = give;
        for (let turn = 0; turn < turns; turn++) {
          const then = step;
          step = () => own.callSoon(then);
        }
        if (isFirst) own.callAt(10, step);
        let isTaken = false;
        const counted = function* (): Coroutine<unknown> {
          const taken = yield* take();
          isTaken = true;
          return taken;
        };
        const body = (bounds[bound] as (typeof bounds)[string])(counted, 10, own);
        const task = own.createTask(body);
        if (!isFirst) own.callSoon(() => own.callSoon(() => own.callAt(10, step)));
        own.callAt(20, () => {
          if (!task.done()) task.cancel();
        });
        runDry(own);
        const isReturned =
          !task.cancelled() && task.exception() === undefined && task.result() !== undefined;
        own.close();
        ends.add(isReturned ? "returned" : "left");

        expect([isFirst, turns, isTaken, left()]).toEqual([
          isFirst,
          turns,
          isReturned,
          isReturned ? 0 : whole,
        ]);
      }
    }
    expect(ends.has("left")).toBe(true);
  });
});

test("waitFor with a timeout of 0 takes nothing", () => {
  const own = newVirtualLoop();
  const queue = new Queue<number>();
  queue.putNowait(1);
  const tasks = [0, -1].map((delay) => own.createTask(() => waitFor(queue.get(), delay)));
  runDry(own);

  expect([tasks.map((task) => (task.exception() as Error).name), queue.qsize()]).toEqual([
    ["TimeoutError", "TimeoutError"],
    1,
  ]);
});
