// Finds what got lost: swallowed cancellations, exceptions that were never retrieved, and
// coroutines that were never awaited.

import { NeverAwaited } from "../../loop/unawaited.ts";
import { LONG_CLEANUP } from "../../tasks/kernel/taskErrors.ts";
import { isTask } from "../leaves.ts";
import type { FutureShape, TaskShape } from "../shapes.ts";
import { type Finding, lasting, many, Rule, type Sample, type Surroundings } from "./finding.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/** A task is reported if it waits this many times in the same way as when it was cancelled. */
const SAME_WAITS = 3;

interface Cancelled {
  readonly at: number;
  /**
   * Whether the task had been cancelled before the detector was attached. Then `at` is the time of
   * the attachment.
   */
  readonly isOld: boolean;
  /** How the task waited when it was cancelled; if `isOld`, its first wait after `at`. */
  wait: Wait | undefined;
  /** How many steps it has taken since. */
  steps: number;
  /** How often it has waited in the same way since. */
  same: number;
}

/** How a task waits, so that another wait can be recognized as the same. */
interface Wait {
  readonly what: unknown;
  /** The delay of a sleep, in milliseconds. */
  readonly delay: number;
}

/** What is known about a task's cancellation requests. */
interface Requests {
  /** How many there were when the task's latest step began. */
  count: number;
  /** How many there were when it last began to wait or was woken. */
  countAtWake: number;
  /** How it last waited. */
  wait: Wait | undefined;
  /** The future that it waits for; undefined from the beginning of its next step. */
  on: FutureShape | undefined;
  cancelled: Cancelled | undefined;
}

/**
 * Finds tasks that swallowed a CancelledError and went on: they end with a result, or wait for the
 * same thing as before, again and again. A long cleanup does neither.
 */
export class SwallowedCancels extends Rule {
  readonly #requests = new Map<object, Requests>();
  readonly #ended: Finding[] = [];
  #delay = 0;

  constructor(around: Surroundings) {
    super(around);
    for (const task of around.loop._slots) {
      // What the task does next shows whether it swallows its cancellation.
      if (isTask(task) && task.cancelling() > 0) {
        this.#of(task).cancelled = {
          ...newCancelled(around.loop.time(), undefined),
          isOld: true,
        };
      }
    }
  }

  override readonly hooks: RuleHooks = {
    timerAdded: (when) => {
      this.#delay = when - this.around.loop.time();
    },
    taskWaits: (task, future) => {
      const requests = this.#of(task);
      const sleeps = future._resource === undefined && !isTask(future) && isSleep(future);
      const what = future._resource?.() ?? (sleeps ? "Sleep" : future);
      requests.wait = { what, delay: sleeps ? this.#delay : 0 };
      requests.on = future;
      requests.countAtWake = task.cancelling();
      const { cancelled } = requests;
      if (cancelled === undefined) return;
      cancelled.wait ??= requests.wait;
      if (isSame(cancelled.wait, requests.wait)) cancelled.same++;
    },
    taskWakes: (task) => {
      this.#of(task).countAtWake = task.cancelling();
    },
    stepBegins: (task) => {
      const count = task.cancelling();
      const requests = count === 0 ? this.#requests.get(task) : this.#of(task);
      if (requests === undefined) return;
      if (count > requests.count && isDelivered(requests, count)) {
        const wait = requests.wait ?? { what: undefined, delay: 0 };
        requests.cancelled ??= newCancelled(this.around.loop.time(), wait);
      }
      requests.count = count;
      requests.on = undefined;
    },
    stepEnds: (task) => {
      const requests = this.#requests.get(task);
      if (requests?.cancelled === undefined) return;
      if (task.cancelling() === 0) requests.cancelled = undefined;
      else requests.cancelled.steps++;
    },
    taskEnds: (task) => {
      const cancelled = this.#requests.get(task)?.cancelled;
      this.#requests.delete(task);
      if (cancelled === undefined || cancelled.isOld || task._hasFailed()) return;
      const evidence = "it was cancelled, and ended with a result";
      this.#ended.push({ ...this.#finding(task, evidence), isSure: true, isPast: true });
    },
  };

  override *check({ time }: Sample): Iterable<Finding> {
    yield* this.#ended.splice(0);
    for (const [object, { cancelled, wait }] of this.#requests) {
      if (cancelled === undefined || wait === undefined) continue;
      if (cancelled.steps < LONG_CLEANUP || cancelled.same < SAME_WAITS) continue;
      const task = object as TaskShape;
      const what =
        typeof wait.what === "string" ? wait.what : this.around.labelOf(wait.what as object);
      const age = lasting(time - cancelled.at);
      const steps = many(cancelled.steps, "step");
      const evidence = cancelled.isOld
        ? `it was cancelled some time ago, has taken ${steps} in the last ${age}, and waits for ${what} again and again`
        : `it was cancelled ${age} ago, has taken ${steps} since, and waits for ${what} as before`;
      yield { ...this.#finding(task, evidence), since: cancelled.at };
    }
  }

  #finding(task: TaskShape, evidence: string): Finding {
    const place = this.around.placeOf(task);
    return {
      id: "swallowed-cancel",
      key: task.done() ? place : `${this.around.idOf(task)}`,
      message: `${task._describe()} ignored its cancellation`,
      evidence,
      place,
      wayOut:
        "A `catch` must rethrow a CancelledError, or call `uncancel()` to end the cancellation deliberately",
      tasks: [task],
    };
  }

  #of(task: TaskShape): Requests {
    let requests = this.#requests.get(task);
    if (requests === undefined) {
      const count = task.cancelling();
      requests = {
        count,
        countAtWake: count,
        wait: undefined,
        on: undefined,
        cancelled: undefined,
      };
      if (!task.done()) this.#requests.set(task, requests);
    }
    return requests;
  }
}

function newCancelled(at: number, wait: Wait | undefined): Cancelled {
  return { at, isOld: false, wait, steps: 0, same: 0 };
}

/**
 * Whether the cancellation is thrown in the step that begins now. It isn't if the request was
 * passed to the awaited future, and this future ended without being cancelled.
 */
function isDelivered({ on, countAtWake }: Requests, count: number): boolean {
  return on === undefined || count > countAtWake || on.cancelled();
}

function isSleep(future: FutureShape): boolean {
  return future._describe() === "Sleep";
}

function isSame(a: Wait, b: Wait): boolean {
  // A delay is measured a little after the timer was created, so equal delays may differ slightly.
  return a.what === b.what && Math.abs(a.delay - b.delay) <= Math.max(2, a.delay / 10);
}

/**
 * Finds exceptions that nobody retrieved, and in debug mode coroutines that nobody awaited. Takes
 * them from the loop's reports, because a sample can't tell whether somebody will still retrieve or
 * await them.
 */
export class Unreceived extends Rule {
  #found: Finding[] = [];

  override readonly hooks: RuleHooks = {
    reports: (context) => {
      if (context instanceof NeverAwaited) {
        const { message } = context;
        this.#add("never-awaited", "A coroutine was created and never awaited", message, {
          place: /`.*`, made at (.*), was/.exec(message)?.[1] ?? /`.*`/.exec(message)?.[0] ?? "",
          wayOut: "Await it with `yield*`, or start it with `createTask`",
        });
        return;
      }
      const failed = (context.task ?? context.future) as Failed | undefined;
      if (!isUnretrieved(failed, context)) return;
      this.#add("never-retrieved", "An exception reached nobody", context.message, {
        place: isTask(failed as object) ? this.around.placeOf(failed as TaskShape) : nameOf(failed),
        wayOut: "Await the task or the future, or handle the exception inside",
      });
    },
  };

  override *check(): Iterable<Finding> {
    yield* this.#found;
    this.#found = [];
  }

  #add(
    id: string,
    message: string,
    evidence: string,
    rest: { place: string; wayOut: string },
  ): void {
    this.#found.push({
      ...{ id, key: rest.place, message, evidence, ...rest },
      ...{ tasks: [], isSure: true, isPast: true },
    });
  }
}

interface Failed {
  done?(): boolean;
  cancelled?(): boolean;
  exception?(): unknown;
  getName?(): string;
}

/** Whether a report is about the outcome of a future, rather than about an error in a step. */
function isUnretrieved(failed: Failed | undefined, context: { exception?: unknown }): boolean {
  return (
    "exception" in context &&
    failed?.done?.() === true &&
    failed.cancelled?.() === false &&
    failed.exception?.() === context.exception
  );
}

function nameOf(failed: Failed | undefined): string {
  return failed?.getName === undefined ? "a future" : `Task ${JSON.stringify(failed.getName())}`;
}
