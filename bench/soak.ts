// npm run soak -- [--tasks N] [--waves N] [--leak]
//
// Checks that a loop that runs for a long time keeps nothing of completed tasks. Tasks that sleep,
// wait for each other, fail, time out and are cancelled come in waves. After each wave everything
// is done and collected, and the heap must stay at its size after the third wave, when all code has
// been compiled. Exits with 1 if it grew.
//
// The waves run on one loop with a virtual clock, so no time passes, but promises settle. The
// optimizing compiler is off, because its code is on the heap too, and comes and goes.
//
// One file, because each wave needs all of its kinds of tasks.

import { parseArgs } from "node:util";
import {
  allTasks,
  asCompleted,
  Barrier,
  CancelledError,
  Condition,
  type Coroutine,
  createTask,
  Event,
  fromPromise,
  gather,
  iterate,
  Lock,
  mapConcurrent,
  moveOnAfter,
  newEventLoop,
  Queue,
  race,
  Semaphore,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "mysyncio";
import { VirtualClock } from "mysyncio/testing";

/** How much larger the heap may be at the end than after wave number REFERENCE. */
const LARGEST_GROWTH = 1.05;
const REFERENCE = 3;
/** How many acts run at a time. */
const CROWD = 200;
/** How many times the heap is collected and measured after a wave. */
const LOOKS = 5;

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "2000000" },
    waves: { type: "string", default: "20" },
    // Keeps something of each act on purpose, to show that the check detects it.
    leak: { type: "boolean", default: false },
  },
});
const waves = Number(values.waves);
const tasksPerWave = Number(values.tasks) / waves;
if (!(waves > REFERENCE && tasksPerWave >= 1)) {
  throw new RangeError(
    `Expected more than ${REFERENCE} waves and as many tasks, got ${values.waves} and ${values.tasks}`,
  );
}

if (globalThis.gc === undefined) throw new Error("This needs node --expose-gc");

const kept: unknown[] = [];
let failures = 0;
let reports = 0;

const failure = new Error("thrown by a task that is never awaited");
const surprises: unknown[] = [];

const loop = newEventLoop({ clock: new VirtualClock() });
loop.setExceptionHandler((_, { exception }) => {
  if (exception === failure) reports++;
  else surprises.push(exception);
});

/** The scenarios. Each act ends when all of its tasks are done. */
const acts: readonly (() => Coroutine<unknown>)[] = [
  function* cancelledBeforeTheFirstStep() {
    const tasks = many(4, () => sleep(1));
    for (const task of tasks) task.cancel();
    yield* over(tasks);
  },
  function* cancelledTwice() {
    const tasks = many(4, function* () {
      try {
        yield* sleep(10);
      } finally {
        yield* sleep(10);
      }
    });
    yield* sleep(1);
    for (const task of tasks) task.cancel();
    yield* sleep(1);
    for (const task of tasks) task.cancel();
    yield* over(tasks);
  },
  function* failing() {
    failures += 2;
    many(2, function* () {
      yield* sleep(1);
      throw failure;
    });
    yield* sleep(2);
  },
  function* lock() {
    const lock = new Lock();
    const tasks = many(4, function* () {
      using _held = yield* lock.hold();
      yield* sleep(2);
    });
    yield* sleep(1);
    tasks[1]?.cancel();
    yield* expires(timeout(1, () => lock.acquire()));
    yield* over(tasks);
  },
  function* semaphoreAndEvent() {
    const semaphore = new Semaphore(2);
    const event = new Event();
    const tasks = many(4, function* () {
      yield* event.wait();
      using _held = yield* semaphore.hold();
      yield* sleep(1);
    });
    yield* sleep(1);
    event.set();
    tasks[3]?.cancel();
    yield* over(tasks);
  },
  function* condition() {
    const condition = new Condition();
    const tasks = many(3, function* () {
      using _held = yield* condition.hold();
      yield* condition.wait();
    });
    yield* sleep(1);
    tasks[0]?.cancel();
    using _held = yield* condition.hold();
    condition.notifyAll();
    condition.release();
    yield* over(tasks);
    yield* condition.acquire();
  },
  function* barrier() {
    const barrier = new Barrier(3);
    const tasks = many(5, () => barrier.wait());
    yield* sleep(1);
    yield* barrier.abort();
    yield* over(tasks);
  },
  function* queue() {
    const queue = new Queue<number>(2);
    const consumers = many(3, function* () {
      const items = iterate(queue);
      for (let r = yield* items.next(); !r.done; r = yield* items.next()) {
        yield* sleep(1);
        queue.taskDone();
      }
    });
    const producer = createTask(function* () {
      for (let item = 0; item < 8; item++) yield* queue.put(item);
      yield* queue.join();
    });
    yield* sleep(1);
    // This consumer never marks its item as done, so the producer waits in vain.
    consumers[0]?.cancel();
    yield* over([producer], 20);
    producer.cancel();
    queue.shutdown(true);
    yield* over([producer, ...consumers]);
  },
  function* timeouts() {
    yield* expires(timeout(1, () => timeout(2, () => moveOnAfter(3, () => sleep(4)))));
    yield* moveOnAfter(1, () => timeout(2, () => sleep(3)));
    yield* expires(waitFor(createTask(sleep(2)), 1));
    yield* timeout(1_000_000, () => sleep(0));
  },
  function* groups() {
    try {
      yield* taskGroup(function* (outer) {
        outer.createTask(sleep(5));
        yield* taskGroup(function* (inner) {
          inner.createTask(sleep(Infinity));
          inner.createTask(function* () {
            yield* sleep(1);
            throw failure;
          });
        });
      });
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
    }
    yield* taskGroup(function* (group) {
      group.createTask(sleep(Infinity));
      yield* sleep(1);
      group.cancel();
    });
  },
  function* gathers() {
    const outer = gather([sleep(5), gather([sleep(4), sleep(Infinity)])]);
    yield* sleep(1);
    outer.cancel();
    yield* expires(
      (function* () {
        yield* outer;
      })(),
    );
  },
  function* shields() {
    const inner = createTask(sleep(3));
    const tasks = many(2, function* () {
      yield* shield(inner);
    });
    yield* sleep(1);
    tasks[0]?.cancel();
    yield* over([inner, ...tasks]);
  },
  function* races() {
    yield* race([sleep(1), sleep(2), sleep(Infinity)]);
    const { pending } = yield* wait([createTask(sleep(1)), createTask(sleep(5))], { timeout: 2 });
    for (const next of asCompleted(pending, { timeout: 10 })) yield* next;
  },
  function* maps() {
    yield* mapConcurrent([1, 2, 3, 4], (item) => sleep(item), { concurrency: 2 });
  },
  function* promises() {
    yield* fromPromise(Promise.resolve());
    const tasks = many(2, () => fromPromise((signal) => abortable(signal)));
    yield* sleep(0);
    for (const task of tasks) task.cancel();
    yield* over(tasks);
  },
];

const heaps: number[] = [];
for (let wave = 1; wave <= waves; wave++) {
  const start = performance.now();
  const tasks = await loop.runUntilComplete(runWave);
  const elapsed = performance.now() - start;
  if (allTasks(loop).size > 0) throw new Error(`${allTasks(loop).size} tasks are left`);
  const heap = await heapSize();
  heaps.push(heap);
  console.log(
    `wave ${wave}: ${tasks} tasks in ${elapsed.toFixed(0)} ms, ${(heap / 1024).toFixed(0)} KiB`,
  );
}
loop.close();
if (surprises.length > 0) throw surprises[0];
if (reports !== failures) throw new Error(`Of ${failures} failures ${reports} were reported`);

const growth = heaps.at(-1)! / heaps[REFERENCE - 1]!;
console.log(`The heap is ${growth.toFixed(3)} times what it was after wave ${REFERENCE}`);
if (growth > LARGEST_GROWTH) process.exitCode = 1;

/** Runs all acts again and again. Returns the number of tasks. */
function* runWave(): Coroutine<number> {
  const first = tasksSoFar();
  for (let tasks = 0; tasks < tasksPerWave; tasks = tasksSoFar() - first) {
    const crowd = Array.from({ length: CROWD }, (_, index) => acts[index % acts.length]!);
    yield* gather(crowd);
    if (values.leak) kept.push(new Array(1024).fill(crowd));
  }
  return tasksSoFar() - first;
}

/** The number of tasks in this process so far, according to their names. */
function tasksSoFar(): number {
  const task = createTask(sleep(0));
  task.cancel();
  return Number(task.getName().replace("Task-", ""));
}

function many(count: number, body: () => Coroutine<unknown>): Task<unknown>[] {
  return Array.from({ length: count }, () => createTask(body));
}

/** Waits until all are done, whatever their outcome, and at most for `delay` if that is given. */
function* over(tasks: readonly Task<unknown>[], delay = Infinity): Coroutine<void> {
  yield* wait(tasks, { timeout: delay });
  for (const task of tasks) if (task.done() && !task.cancelled()) task.exception();
}

/** Runs a coroutine, which may end with a TimeoutError or a CancelledError. */
function* expires(coro: Coroutine<unknown>): Coroutine<void> {
  try {
    yield* coro;
  } catch (error) {
    const { name } = error as Error;
    if (name !== "TimeoutError" && !(error instanceof CancelledError)) throw error;
  }
}

/** A promise that only an abort settles. */
function abortable(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * The size of everything that is not garbage: the smallest of several measurements, because one may
 * come too early.
 */
async function heapSize(): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < LOOKS; look++) {
    // Finalizers run in a macrotask.
    await new Promise((resolve) => setTimeout(resolve, 1));
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
