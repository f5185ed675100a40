// Environments that run programs of several tasks: the real loop, and a model of it that is simple
// enough to trust.
//
// The model has one queue of ready tasks and a list of timers. A primitive of the model consists of
// plain arrays and `yield waitIn(line, giveBack)`. The real primitive must return the same results.

import * as fc from "fast-check";
import { expect } from "vitest";
import { CancelledError, type Coroutine, sleep, type Task } from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

export type Steps<T> = Generator<unknown, T, unknown>;

export interface World {
  time(): number;
  sleep(delay: number): Steps<unknown>;
  after(delay: number, action: () => void): { cancel(): void };
  /** Starts the next task. The first is number 0. */
  spawn(body: () => Steps<void>): void;
  cancel(task: number): void;
  /** Runs until nothing is left to do. */
  run(): void;
}

export class RealWorld implements World {
  readonly loop = newVirtualLoop();
  readonly #tasks: Task<void>[] = [];

  time(): number {
    return this.loop.time();
  }

  sleep(delay: number): Steps<unknown> {
    return sleep(delay) as Steps<unknown>;
  }

  after(delay: number, action: () => void): { cancel(): void } {
    return this.loop.callLater(delay, action);
  }

  spawn(body: () => Steps<void>): void {
    this.#tasks.push(this.loop.createTask(body as () => Coroutine<void>));
  }

  cancel(task: number): void {
    this.#tasks[task]?.cancel();
  }

  run(): void {
    runDry(this.loop);
    this.loop.close();
  }
}

/**
 * Yielded by a task of the model: the queue it waits in, and a function that takes back an item it
 * cannot receive.
 */
interface Wait {
  readonly line: ModelTask[];
  readonly giveBack: (value: never) => void;
  /** The item it brings along. */
  readonly offer: unknown;
}

export interface ModelTask {
  readonly steps: Steps<void>;
  state: "new" | "ready" | "running" | "waiting" | "done";
  wait: Wait | undefined;
  /** The item it was handed, or an error. */
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  isCancelled: boolean;
}

export function waitIn(
  line: ModelTask[],
  giveBack: (value: never) => void = () => {},
  offer?: unknown,
): Wait {
  return { line, giveBack, offer };
}

export class ModelWorld implements World {
  #now = 0;
  readonly #tasks: ModelTask[] = [];
  #ready: (() => void)[] = [];
  #timers: { when: number; action: () => void; isCancelled: boolean }[] = [];

  time(): number {
    return this.#now;
  }

  *sleep(delay: number): Steps<unknown> {
    const line: ModelTask[] = [];
    const timer = this.after(delay, () => this.serve(line, undefined));
    try {
      return yield waitIn(line);
    } finally {
      timer.cancel();
    }
  }

  after(delay: number, action: () => void): { cancel(): void } {
    const timer = { when: this.#now + delay, action, isCancelled: false };
    this.#timers.push(timer);
    return {
      cancel: () => {
        timer.isCancelled = true;
      },
    };
  }

  spawn(body: () => Steps<void>): void {
    const task: ModelTask = {
      steps: body(),
      state: "new",
      wait: undefined,
      outcome: undefined,
      isCancelled: false,
    };
    this.#tasks.push(task);
    this.#ready.push(() => this.#step(task));
  }

  cancel(which: number): void {
    const task = this.#tasks[which];
    if (task === undefined || task.state === "done") return;
    if (task.state === "waiting") this.#leaveCancelled(task);
    else task.isCancelled = true;
  }

  /** Serves the first waiter in `line`, if there is one. */
  serve(line: ModelTask[], value: unknown): boolean {
    const task = line.shift();
    if (task !== undefined) this.#wake(task, { value });
    return task !== undefined;
  }

  /** Makes all waiters in `line` throw. */
  failAll(line: ModelTask[], error: unknown): void {
    for (const task of line.splice(0)) this.#wake(task, { error });
  }

  run(): void {
    for (;;) {
      const batch = this.#ready;
      this.#ready = [];
      for (const action of batch) action();
      if (this.#ready.length > 0) continue;
      // Sorting is stable, so equal deadlines stay in the order of arrival.
      this.#timers = this.#timers
        .filter(({ isCancelled }) => !isCancelled)
        .sort((a, b) => a.when - b.when);
      const [first] = this.#timers;
      if (first === undefined) return;
      this.#now = first.when;
      const due = this.#timers.filter(({ when }) => when === this.#now);
      this.#timers = this.#timers.slice(due.length);
      for (const timer of due) {
        this.#ready.push(() => {
          if (!timer.isCancelled) timer.action();
        });
      }
    }
  }

  #wake(task: ModelTask, outcome: ModelTask["outcome"]): void {
    task.outcome = outcome;
    task.state = "ready";
    this.#ready.push(() => this.#step(task));
  }

  #leaveCancelled(task: ModelTask): void {
    const { line } = task.wait!;
    line.splice(line.indexOf(task), 1);
    task.isCancelled = false;
    this.#wake(task, { error: new CancelledError() });
  }

  #step(task: ModelTask): void {
    const { outcome, wait } = task;
    if (task.state === "new" && task.isCancelled) {
      task.state = "done";
      return;
    }
    task.state = "running";
    task.outcome = undefined;
    task.wait = undefined;
    let result: IteratorResult<unknown, void>;
    if (task.isCancelled) {
      task.isCancelled = false;
      if (outcome !== undefined && "value" in outcome) wait?.giveBack(outcome.value as never);
      result = task.steps.throw(new CancelledError());
    } else if (outcome !== undefined && "error" in outcome) {
      result = task.steps.throw(outcome.error);
    } else {
      result = task.steps.next(outcome?.value);
    }
    if (result.done) {
      task.state = "done";
      return;
    }
    task.wait = result.value as Wait;
    task.wait.line.push(task);
    task.state = "waiting";
    if (task.isCancelled) this.#leaveCancelled(task);
  }
}

/** One action of a task. With a timeout, it is cancelled if it takes longer. */
export interface Step<Op> {
  readonly op: Op | { readonly kind: "sleep"; readonly delay: number } | Cancel;
  readonly timeout: number | undefined;
}

interface Cancel {
  readonly kind: "cancel";
  readonly task: number;
}

/** The programs of several tasks. */
export type Program<Op> = readonly (readonly Step<Op>[])[];

const MAX_TASKS = 5;
const delays = fc.integer({ min: 1, max: 4 });

export function programs<Op>(ops: fc.Arbitrary<Op>): fc.Arbitrary<Program<Op>> {
  const step = fc.record<Step<Op>>({
    op: fc.oneof(
      { weight: 5, arbitrary: ops },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("sleep" as const), delay: delays }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("cancel" as const),
          task: fc.nat(MAX_TASKS - 1),
        }),
      },
    ),
    timeout: fc.option(delays, { nil: undefined, freq: 4 }),
  });
  const steps = fc.array(step, { minLength: 1, maxLength: 8 });
  return fc.array(steps, { minLength: 2, maxLength: MAX_TASKS });
}

/** Runs a program. Returns the events in order. */
export function traceOf<Op>(
  program: Program<Op>,
  world: World,
  perform: (op: Op, say: (what: string) => void) => Steps<unknown>,
): string[] {
  const trace: string[] = [];
  for (const [me, steps] of program.entries()) {
    world.spawn(function* () {
      for (const { op, timeout } of steps) {
        const words = JSON.stringify(op);
        const say = (what: string): void => {
          trace.push(`${world.time()}: task ${me}: ${words}: ${what}`);
        };
        const timer =
          timeout === undefined ? undefined : world.after(timeout, () => world.cancel(me));
        try {
          const { kind } = op as { readonly kind: unknown };
          if (kind === "cancel") world.cancel((op as Cancel).task);
          else if (kind === "sleep") yield* world.sleep((op as { readonly delay: number }).delay);
          else say(JSON.stringify((yield* perform(op as Op, say)) ?? "done"));
        } catch (error) {
          say((error as Error).name);
        } finally {
          timer?.cancel();
        }
      }
      trace.push(`${world.time()}: task ${me} ends`);
    });
  }
  world.run();
  return trace;
}

/** Checks that a primitive behaves like its model in `runs` random programs. */
export function expectAsModel<Op, P>(
  ops: fc.Arbitrary<Op>,
  make: (world: World) => P,
  makeModel: (world: ModelWorld) => P,
  perform: (primitive: P, op: Op, world: World, say: (what: string) => void) => Steps<unknown>,
  runs = scale(100, 400),
): void {
  fc.assert(
    fc.property(programs(ops), (program) => {
      const [real, model] = [new RealWorld(), new ModelWorld()];
      const [primitive, modelled] = [make(real), makeModel(model)];
      expect(traceOf(program, real, (op, say) => perform(primitive, op, real, say))).toEqual(
        traceOf(program, model, (op, say) => perform(modelled, op, model, say)),
      );
    }),
    { numRuns: runs },
  );
}
