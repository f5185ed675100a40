import { CancelledError, type Coroutine, createTask, run, sleep, type Task } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { StopToken } from "../native/stopToken.ts";
import { count, sized } from "../sizes.ts";

const TASKS = sized(100_000);

/** Waits forever, and cleans up when it is cancelled. */
function* waitForEver(cleanUp: () => void): Coroutine<void> {
  try {
    yield* sleep(Infinity);
  } finally {
    cleanUp();
  }
}

function checkCleanedUp(cleaned: number, cancelled: number): void {
  if (cleaned === TASKS && cancelled === TASKS) return;
  throw new Error(`Of ${TASKS} tasks ${cancelled} were cancelled and ${cleaned} cleaned up`);
}

function* cancelAll(): Coroutine<void> {
  let cleaned = 0;
  let cancelled = 0;
  const cleanUp = () => {
    cleaned++;
  };
  const tasks: Task<void>[] = [];
  for (let i = 0; i < TASKS; i++) tasks.push(createTask(waitForEver(cleanUp)));
  yield; // all of them wait now
  for (const task of tasks) task.cancel();
  for (const task of tasks) {
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      cancelled++;
    }
  }
  checkCleanedUp(cleaned, cancelled);
}

async function waitForAbort(signal: AbortSignal, cleanUp: () => void): Promise<void> {
  try {
    await new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  } finally {
    cleanUp();
  }
}

async function waitForStop(token: StopToken, cleanUp: () => void): Promise<void> {
  try {
    await new Promise<never>((_, reject) => token.onStop(reject));
  } finally {
    cleanUp();
  }
}

/** The same with promises, each of which is stopped through its own stopper. */
async function stopAll<Stopper>(
  make: () => Stopper,
  start: (stopper: Stopper, cleanUp: () => void) => Promise<void>,
  stop: (stopper: Stopper, reason: Error) => void,
): Promise<void> {
  let cleaned = 0;
  let cancelled = 0;
  const cleanUp = () => {
    cleaned++;
  };
  const stoppers: Stopper[] = [];
  const promises: Promise<void>[] = [];
  for (let i = 0; i < TASKS; i++) {
    const stopper = make();
    stoppers.push(stopper);
    promises.push(start(stopper, cleanUp));
  }
  await undefined;
  // All share one reason, because an error for each would record a stack each time.
  const reason = new Error("stopped");
  for (const stopper of stoppers) stop(stopper, reason);
  for (const result of await Promise.allSettled(promises)) {
    if (result.status !== "rejected") throw new Error("Expected every promise to be rejected");
    if (result.reason === reason) cancelled++;
  }
  checkCleanedUp(cleaned, cancelled);
}

function* waitBarely(cleanUp: () => void): Generator<undefined, void> {
  try {
    yield;
  } finally {
    cleanUp();
  }
}

/** The lower bound: an error that is thrown into a generator, and again where it is awaited. */
function stopBareGenerators(): void {
  let cleaned = 0;
  let cancelled = 0;
  const cleanUp = () => {
    cleaned++;
  };
  const bodies = Array.from({ length: TASKS }, () => waitBarely(cleanUp));
  for (const body of bodies) body.next();
  const reason = new Error("stopped");
  const outcomes = bodies.map((body) => {
    try {
      return body.throw(reason);
    } catch (error) {
      return error;
    }
  });
  for (const outcome of outcomes) {
    try {
      if (outcome === reason) throw outcome;
    } catch {
      cancelled++;
    }
  }
  checkCleanedUp(cleaned, cancelled);
}

export default {
  name: "cancel",
  question: "What does cancelling a waiting task cost, including its cleanup and awaiting its end?",
  comparisons: [
    {
      what: `${count(TASKS)} tasks`,
      operations: TASKS,
      ours: { name: "task.cancel", run: () => run(cancelAll) },
      others: [
        {
          name: "AbortController",
          run: () =>
            stopAll(
              () => new AbortController(),
              ({ signal }, cleanUp) => waitForAbort(signal, cleanUp),
              (controller, reason) => controller.abort(reason),
            ),
          atLeast: { node24: 1.5, node26: 1.2 },
          lacks: "reach a wait that isn't passed its signal",
        },
        {
          // For comparison only.
          name: "a bare token by hand",
          run: () =>
            stopAll(
              () => new StopToken(),
              waitForStop,
              (token, reason) => token.stop(reason),
            ),
          lacks: "have two listeners, or be passed to `fetch` or a library",
        },
        { name: "bare generators", run: stopBareGenerators, isLimit: true },
      ],
      peers: ["cancel", TASKS],
    },
  ],
} satisfies Case;
