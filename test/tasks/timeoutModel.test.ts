// Random nested timeouts, sleeps, catches and cleanups, cancelled at random instants. A task
// performs them, and a model without tasks interprets them: in it, whatever is due ends the current
// sleep.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  currentTask,
  moveOnAfter,
  sleep,
  type Task,
  type Timeout,
  TimeoutError,
  timeout,
} from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

type Step =
  | { readonly kind: "sleep"; readonly delay: number }
  | { readonly kind: "fail" }
  | {
      readonly kind: "timeout";
      readonly delay: number | null;
      readonly isQuiet: boolean;
      readonly body: readonly Step[];
    }
  | { readonly kind: "catch"; readonly body: readonly Step[] }
  | { readonly kind: "finally"; readonly body: readonly Step[]; readonly cleanup: readonly Step[] }
  | { readonly kind: "reschedule"; readonly level: number; readonly delay: number | null };

interface Program {
  readonly steps: readonly Step[];
  /** When something else cancels the task. */
  readonly cancels: readonly number[];
}

const time = fc.integer({ min: 0, max: 12 });
const maybeTime = fc.option(time, { nil: null, freq: 8 });

const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 4, depthIdentifier: "nest" }),
  step: fc.oneof(
    { depthIdentifier: "nest", maxDepth: 5, depthSize: "small" },
    {
      arbitrary: fc.record({
        kind: fc.constant("sleep" as const),
        delay: fc.integer({ min: 1, max: 9 }),
      }),
      weight: 4,
    },
    { arbitrary: fc.record({ kind: fc.constant("fail" as const) }), weight: 1 },
    {
      arbitrary: fc.record({
        kind: fc.constant("reschedule" as const),
        level: fc.nat({ max: 4 }),
        delay: maybeTime,
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant("timeout" as const),
        delay: maybeTime,
        isQuiet: fc.boolean(),
        body: tie("steps"),
      }),
      weight: 6,
    },
    {
      arbitrary: fc.record({ kind: fc.constant("catch" as const), body: tie("steps") }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant("finally" as const),
        body: tie("steps"),
        cleanup: tie("steps"),
      }),
      weight: 2,
    },
  ),
}));

const programs: fc.Arbitrary<Program> = fc.record({
  steps,
  cancels: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 2 }),
});

type Outcome = "value" | "cancelled" | "timeout" | "error";

/**
 * The trace of a program: the outcome of each block, its time, and the number of cancellation
 * requests then.
 */
type Account = string[];

function interpret(program: Program): Account {
  const account: Account = [];
  let now = 0;
  let cancelling = 0;
  const cancels = new Set(program.cancels.map((when) => ({ when })));
  interface Scope {
    when: number | null;
    isExpired: boolean;
  }
  const scopes: Scope[] = [];

  const note = (what: string, outcome: Outcome) =>
    account.push(`${now}: ${what} ${outcome} ${cancelling}`);

  const suspend = (delay: number): Outcome => {
    const end = now + delay;
    const armed = () => scopes.filter((scope) => !scope.isExpired && scope.when !== null);
    const first = Math.min(
      ...armed().map((scope) => scope.when as number),
      ...[...cancels].map((cancel) => cancel.when),
    );
    if (first > end) {
      now = end;
      return "value";
    }
    now = Math.max(now, first);
    for (const scope of armed()) {
      if ((scope.when as number) > now) continue;
      scope.isExpired = true;
      cancelling++;
    }
    for (const cancel of cancels) if (cancel.when <= now && cancels.delete(cancel)) cancelling++;
    return "cancelled";
  };

  const all = (body: readonly Step[]): Outcome => {
    for (const step of body) {
      const outcome = one(step);
      if (outcome !== "value") return outcome;
    }
    return "value";
  };

  const one = (step: Step): Outcome => {
    switch (step.kind) {
      case "sleep":
        return suspend(step.delay);
      case "fail":
        return "error";
      case "reschedule": {
        const scope = scopes[step.level];
        if (scope && !scope.isExpired) scope.when = step.delay === null ? null : now + step.delay;
        return "value";
      }
      case "catch":
        note("caught", all(step.body));
        return "value";
      case "finally": {
        const outcome = all(step.body);
        const cleanup = all(step.cleanup);
        return cleanup === "value" ? outcome : cleanup;
      }
      case "timeout": {
        const saved = cancelling;
        const scope = { when: step.delay === null ? null : now + step.delay, isExpired: false };
        scopes.push(scope);
        let outcome = all(step.body);
        scopes.pop();
        if (scope.isExpired && --cancelling <= saved && outcome === "cancelled") {
          outcome = step.isQuiet ? "value" : "timeout";
        }
        note(`left ${scope.isExpired}`, outcome);
        return outcome;
      }
    }
  };

  note("ended", all(program.steps));
  return account;
}

function perform(program: Program): Account {
  const account: Account = [];
  const loop = newVirtualLoop();
  const scopes: Timeout[] = [];
  let task: Task<unknown> | undefined;

  const note = (what: string, outcome: Outcome) =>
    account.push(`${loop.time()}: ${what} ${outcome} ${task?.cancelling()}`);

  function* all(body: readonly Step[]): Coroutine<void> {
    for (const step of body) yield* one(step);
  }

  function* one(step: Step): Coroutine<void> {
    switch (step.kind) {
      case "sleep":
        return yield* sleep(step.delay);
      case "fail":
        throw new Error("of the body");
      case "reschedule": {
        const scope = scopes[step.level];
        if (scope?.expired() !== false) return;
        scope.reschedule(step.delay === null ? null : loop.time() + step.delay);
        return;
      }
      case "catch": {
        let outcome: Outcome = "value";
        try {
          yield* all(step.body);
        } catch (error) {
          outcome = outcomeOf(error);
        }
        note("caught", outcome);
        return;
      }
      case "finally":
        try {
          yield* all(step.body);
        } finally {
          yield* all(step.cleanup);
        }
        return;
      case "timeout": {
        let scope: Timeout | undefined;
        let outcome: Outcome = "value";
        try {
          yield* (step.isQuiet ? moveOnAfter : timeout)(step.delay, function* (its) {
            scope = its;
            scopes.push(its);
            try {
              yield* all(step.body);
            } finally {
              scopes.pop();
            }
          });
        } catch (error) {
          outcome = outcomeOf(error);
          throw error;
        } finally {
          note(`left ${scope?.expired()}`, outcome);
        }
      }
    }
  }

  for (const when of program.cancels) loop.callAt(when, () => task?.cancel());
  loop.createTask(function* (): Coroutine<void> {
    task = currentTask();
    let outcome: Outcome = "value";
    try {
      yield* all(program.steps);
    } catch (error) {
      outcome = outcomeOf(error);
    }
    note("ended", outcome);
    task = undefined;
  });
  runDry(loop);
  loop.close();
  return account;
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof CancelledError) return "cancelled";
  return error instanceof TimeoutError ? "timeout" : "error";
}

test("nested timeouts end with the time, outcome and cancellation count that the model predicts", () => {
  fc.assert(
    fc.property(programs, (program) => {
      expect(perform(program)).toEqual(interpret(program));
    }),
    { numRuns: scale(100, 500) },
  );
});
