// Tests that waits leave nothing behind on long-lived objects: a signal, an emitter, the process.

import { EventEmitter, getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  fromPromise,
  gather,
  iterate,
  run,
  sleep,
  toAsync,
  waitEvent,
  withSignal,
} from "../src/index.ts";

const WAITS = 10_000;
const { signal } = new AbortController();
const emitter = new EventEmitter();
// The owner of an event must expect this many waits at once.
emitter.setMaxListeners(0);
let warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);

beforeEach(() => {
  warnings = [];
  process.on("warning", onWarning);
});

afterEach(() => {
  process.off("warning", onWarning);
});

const again = toAsync(function* (): Coroutine<void> {
  yield;
});
const ways: Record<string, () => Coroutine<unknown>> = {
  withSignal: () => withSignal(signal, sleep(0)),
  "withSignal, cancelled": () => cancelled(withSignal(signal, sleep(1e9))),
  *waitEvent() {
    const event = createTask(waitEvent(emitter, "event", { signal }));
    yield;
    emitter.emit("event");
    return yield* event;
  },
  "waitEvent, cancelled": () => cancelled(waitEvent(emitter, "event", { signal })),
  "fromPromise, cancelled": () =>
    cancelled(fromPromise((given) => new Promise((_, no) => given.addEventListener("abort", no)))),
  toAsync: () => fromPromise(again(signal)),
  *iterate() {
    const items = iterate(endless());
    yield* items.next();
    yield* items.return();
  },
};

function* cancelled(body: Coroutine<unknown>): Coroutine<unknown> {
  const task = createTask(body);
  yield;
  task.cancel();
  return yield* gather([task], { returnExceptions: true });
}

let open = 0;
async function* endless(): AsyncGenerator<number> {
  open++;
  try {
    for (;;) yield 1;
  } finally {
    open--;
  }
}

/** The number of timers, sockets and ports that keep the process alive. */
function resources(): number {
  return process.getActiveResourcesInfo().length;
}

test.each(Object.entries(ways))("10,000 waits by %s leave nothing behind", async (_, way) => {
  await run(way);
  const before = resources();
  await run(function* (): Coroutine<void> {
    for (let i = 0; i < WAITS; i += 100) yield* gather(Array.from({ length: 100 }, way));
  });

  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  expect(emitter.eventNames()).toEqual([]);
  expect(open).toBe(0);
  // The test runner has some of its own, which come and go.
  expect(resources()).toBeLessThan(before + 10);
  expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
});
