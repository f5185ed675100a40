// Does anything stay behind on what lives long: a signal, an emitter, the process?

import { EventEmitter, getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../src/run.ts";
import { createTask } from "../src/tasks/awaitable.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { fromPromise } from "../src/tasks/fromPromise.ts";
import { gather } from "../src/tasks/gather.ts";
import { iterate } from "../src/tasks/iterate.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { waitEvent } from "../src/tasks/waitEvent.ts";
import { withSignal } from "../src/tasks/withSignal.ts";
import { toAsync } from "../src/toAsync.ts";

const WAITS = 10_000;
const { signal } = new AbortController();
const emitter = new EventEmitter();
// That many wait for the same event at once, its owner has to know.
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

/** How many things keep the process alive: timers, sockets, ports. */
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
