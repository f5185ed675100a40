// Random programs of calls over the engine in memory, in virtual time, compared with a model of how
// each call may end.

import fc from "fast-check";
import { expect, test } from "vitest";
import { defineTask, FleetExecutor, memoryEngine } from "../../src/fleet.ts";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  gather,
  getRunningLoop,
  run,
  sleep,
  TimeoutError,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";

interface Plan {
  readonly duration: number;
  /** How many times the function throws before it returns. */
  readonly failures: number;
  readonly attempts: number;
  readonly retry: "lost" | "errors";
  readonly backoff: number;
  readonly delay: number;
  readonly priority: "user-blocking" | "user-visible" | "background";
  readonly timeout: number | null;
  /** How many milliseconds later the caller cancels it. */
  readonly cancelAfter: number | null;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  duration: fc.integer({ min: 0, max: 50 }),
  failures: fc.integer({ min: 0, max: 3 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  retry: fc.constantFrom("lost", "errors"),
  backoff: fc.integer({ min: 0, max: 20 }),
  delay: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
  priority: fc.constantFrom("user-blocking", "user-visible", "background"),
  timeout: fc.option(fc.integer({ min: 1, max: 200 })),
  cancelAfter: fc.option(fc.integer({ min: 0, max: 200 })),
});

let begun: number[] = [];
let running = 0;
let most = 0;

const work = defineTask(
  import.meta.url,
  "work",
  function* (key: number, duration: number, failures: number): Coroutine<number> {
    begun[key] = (begun[key] ?? 0) + 1;
    most = Math.max(most, ++running);
    try {
      yield* sleep(duration);
    } finally {
      running--;
    }
    if ((begun[key] as number) <= failures) throw new RangeError("failure");
    return key;
  },
);

/** The least time that a call takes, from its submission to its own end, in milliseconds. */
function shortest({ duration, delay, backoff, failures }: Plan, starts: number): number {
  const ended = Math.min(starts, failures + 1);
  return delay + ended * duration + (ended - 1) * backoff;
}

function nameOf(outcome: unknown): string {
  if (outcome instanceof CancelledError) return "cancelled";
  if (outcome instanceof TimeoutError) return "timeout";
  return outcome instanceof RangeError ? "error" : "value";
}

/** How a call may end. */
function possible(plan: Plan): string[] {
  const { failures, attempts, retry, timeout, cancelAfter, delay } = plan;
  const starts = retry === "errors" ? attempts : 1;
  const own = failures < starts ? "value" : "error";
  const needs = shortest(plan, starts);
  const isSurelyEarly = (at: number | null): at is number => at !== null && at < needs;
  if (cancelAfter !== null && cancelAfter < delay && cancelAfter < (timeout ?? Infinity)) {
    return ["cancelled"];
  }
  const outcomes: string[] = [];
  if (!isSurelyEarly(timeout) && !isSurelyEarly(cancelAfter)) outcomes.push(own);
  if (timeout !== null) outcomes.push("timeout");
  if (cancelAfter !== null) outcomes.push("cancelled");
  return outcomes;
}

test("each call has an outcome that the model allows, starts at most as often as allowed, and leaves nothing behind", async () => {
  const programs = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(plans, { maxLength: 8 }));
  await fc.assert(
    fc.asyncProperty(programs, async ([concurrency, calls]) => {
      begun = calls.map(() => 0);
      running = 0;
      most = 0;
      const end = await run(() => runAll(concurrency, calls), { clock: new VirtualClock() });

      expect(most).toBeLessThanOrEqual(concurrency);
      expect(running).toBe(0);
      for (const [key, plan] of calls.entries()) {
        const name = nameOf(end.outcomes[key]);
        const starts = plan.retry === "errors" ? plan.attempts : 1;
        expect(possible(plan)).toContain(name);
        expect(begun[key]).toBeLessThanOrEqual(Math.min(starts, plan.failures + 1));
        if (name === "value") {
          expect([end.outcomes[key], begun[key]]).toEqual([key, plan.failures + 1]);
        }
      }
      expect(end.counts).toEqual({ waiting: 0, delayed: 0, running: 0 });
      expect(end.stats).toMatchObject({
        submitted: end.stats.settled,
        pending: 0,
        resent: 0,
        lost: 0,
      });
    }),
    { numRuns: scale(50, 1_000) },
  );
});

function* runAll(concurrency: number, calls: readonly Plan[]) {
  const fleet = new FleetExecutor({ engine: memoryEngine({ concurrency }) });
  const tasks = calls.map((plan, key) => {
    const { duration, failures, cancelAfter, attempts, retry, backoff, delay, priority, timeout } =
      plan;
    const view = fleet.with({ attempts, retry, backoff, delay, priority, timeout });
    const task = createTask(view.call(work, key, duration, failures));
    if (cancelAfter !== null) getRunningLoop().callLater(cancelAfter, () => task.cancel());
    return task;
  });
  const outcomes: unknown[] = yield* gather(tasks, { returnExceptions: true });
  const counts = yield* fromPromise(fleet.counts());
  const stats = fleet.stats();
  yield* fromPromise(fleet.shutdown());
  return { outcomes, counts, stats };
}
