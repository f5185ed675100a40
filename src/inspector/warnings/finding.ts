// What the rules that find warnings share: their input and their findings.

import { isTask } from "../leaves.ts";
import type { FutureShape, LoopShape, TaskShape } from "../shapes.ts";
import type { Lives } from "./lives.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/** Something that a rule has found. */
export interface Finding {
  readonly id: string;
  /** Identifies the problem, so that it is recognized in the next sample. */
  readonly key: string;
  readonly message: string;
  readonly evidence: string;
  readonly place: string;
  readonly wayOut: string;
  readonly tasks: readonly TaskShape[];
  /** Whether it becomes a warning without a second sample. */
  readonly isSure?: boolean;
  /** Whether it is an event that has happened, rather than a lasting state. Events stay listed. */
  readonly isPast?: boolean;
  /** Since when the problem has existed, by the loop's clock, if that is known. */
  readonly since?: number;
}

/** A loop at the moment of a sample. */
export interface Sample {
  /** The time of the sample, by the loop's clock. */
  readonly time: number;
  /** How long ago the previous sample was, in seconds of the loop's clock. */
  readonly seconds: number;
  /** The tasks that wait, with what they wait for. */
  readonly waiting: ReadonlyMap<TaskShape, FutureShape>;
  /** The tasks that wait directly for each primitive. */
  readonly lines: ReadonlyMap<object, readonly TaskShape[]>;
}

/** What a rule is given. */
export interface Surroundings {
  readonly loop: LoopShape;
  readonly lives: Lives;
  /** Returns the time of the monotonic clock, in milliseconds. */
  now(): number;
  /** Returns the number of an object, which never changes. */
  idOf(object: object): number;
  /** Returns the kind and number of a primitive, such as `Lock 1`. */
  labelOf(resource: object): string;
  /** Returns the function that a task runs, with the line if it is known. */
  placeOf(task: TaskShape): string;
}

/** Finds one kind of mistake, or a few that need the same facts. */
export abstract class Rule {
  protected readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  abstract readonly hooks: RuleHooks;
  /** Returns what the rule finds now, and resets its counts. Called about once a second. */
  abstract check(sample: Sample): Iterable<Finding>;
}

/** Whether a future waits for a promise and nothing else. */
export function isPromise(future: FutureShape): boolean {
  return future._resource === undefined && !isTask(future) && future._describe() === "Promise";
}

/** Returns a number with its noun: `1 task`, `2,000 tasks`. */
export function many(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Returns a duration for people: `240 ms` or `3.1 s`. */
export function lasting(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** Returns an object that identifies a task's function: the prototype of all its generators. */
export function functionOf(task: TaskShape): object {
  const { body } = task._inspect();
  const generator = (body as { readonly _generator?: object })._generator ?? body;
  return (Object.getPrototypeOf(generator) as object | null) ?? generator;
}
