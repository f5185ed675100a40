// Finds primitives with too many tasks: locks with long lines, and wake-ups after which most of the
// tasks just wait again.

import type { Task } from "../../tasks/kernel/task.ts";
import { type Finding, lasting, many, Rule, type Sample } from "./finding.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/**
 * A convoy has at least this many tasks in the line, and this many hand-overs between two samples.
 */
const CONVOY = 5;
const HAND_OVERS = 10;
/** A herd has at least this many tasks that are woken together. */
const HERD = 10;
/** At most this fraction of a herd finds something to do. */
const USEFUL = 0.1;
/** How long useless wake-ups are remembered, in milliseconds. */
const MEMORY = 60_000;
/** For how long useless wake-ups must recur to be reported, in milliseconds. */
const SAMPLE = 1_000;

/** What has happened to a lock since the last sample. */
interface Traffic {
  handOvers: number;
  /** How often tasks that were handed the lock waited for it again, in the same time. */
  returns: number;
  readonly served: Set<object>;
}

/**
 * Finds locks for which the same tasks queue over and over, so that all of them run at the lock's
 * pace.
 */
export class LockConvoys extends Rule {
  #traffic = new Map<object, Traffic>();

  override readonly hooks: RuleHooks = {
    taskWaits: (task, future) => {
      const lock = lockOf(future._resource?.());
      if (lock === undefined) return;
      const traffic = this.#of(lock);
      if (traffic.served.has(task)) traffic.returns++;
    },
    taskWakes: (task) => {
      const { on } = task._inspect();
      const lock = lockOf(on?._resource?.());
      if (lock === undefined || on?.cancelled()) return;
      const traffic = this.#of(lock);
      traffic.handOvers++;
      traffic.served.add(task);
    },
  };

  override *check({ seconds, lines }: Sample): Iterable<Finding> {
    for (const [lock, { handOvers, returns }] of this.#traffic) {
      const line = lines.get(lock) ?? [];
      if (line.length < CONVOY || handOvers < HAND_OVERS || returns < handOvers / 2) continue;
      const label = this.around.labelOf(lock);
      const [first] = line;
      yield {
        id: "lock-convoy",
        key: label,
        message: `The same tasks keep queuing for ${label}, which limits them all to its pace`,
        evidence: `${many(line.length, "task")} waiting; it was handed over ${many(handOvers, "time")} in ${seconds.toFixed(1)} s, ${returns.toLocaleString("en")} of them to tasks that came back`,
        place: first === undefined ? label : `${label}, awaited in ${this.around.placeOf(first)}`,
        wayOut:
          "Hold the lock for a shorter time: don't await anything else while you hold it, or split what it guards",
        tasks: line,
      };
    }
    this.#traffic = new Map();
  }

  #of(lock: object): Traffic {
    let traffic = this.#traffic.get(lock);
    if (traffic === undefined) {
      traffic = { handOvers: 0, returns: 0, served: new Set() };
      this.#traffic.set(lock, traffic);
    }
    return traffic;
  }
}

/** Returns the resource if it is a lock. Semaphores and queues are meant for many waiters. */
function lockOf(resource: object | undefined): object | undefined {
  return resource?.constructor.name === "Lock" ? resource : undefined;
}

/** The tasks that a primitive woke in one step. */
interface Burst {
  readonly what: object;
  /** The number of the step. */
  readonly step: number;
  readonly first: Task<unknown>;
  size: number;
  /** How many of the tasks immediately waited for the same primitive again. */
  back: number;
  /** How many of the tasks did something else. */
  others: number;
}

/** The useless bursts of a primitive. `first` and `last` are times of the loop's clock. */
interface Useless {
  count: number;
  /** How many tasks they woke, all together. */
  woken: number;
  first: number;
  last: number;
  task: Task<unknown>;
}

/** Finds wake-ups of many tasks, all but a few of which wait again immediately. */
export class Herds extends Rule {
  #step = 0;
  #burst: Burst | undefined;
  readonly #of = new Map<object, Burst>();
  readonly #useless = new Map<object, Useless>();

  override readonly hooks: RuleHooks = {
    stepBegins: () => void this.#step++,
    callbackBegins: () => void this.#step++,
    taskWakes: (task, by) => {
      const what = by && task._inspect().on?._resource?.();
      if (what === undefined) return;
      // The task may still belong to an earlier burst, because a task that a condition has notified
      // first waits for the condition's lock.
      if (this.#of.has(task)) return;
      if (this.#burst?.what !== what || this.#burst.step !== this.#step) {
        this.#burst = { what, step: this.#step, first: task, size: 0, back: 0, others: 0 };
      }
      this.#burst.size++;
      this.#of.set(task, this.#burst);
    },
    stepEnds: (task) => {
      const burst = this.#of.get(task);
      if (burst === undefined) return;
      const { on } = task._inspect();
      const next = on?._resource?.();
      if (next === burst.what) burst.back++;
      // The lock may be the condition's. What the task does with the wake-up is then not known yet.
      else if (lockOf(next) !== undefined) return;
      else burst.others++;
      this.#of.delete(task);
      if (burst.back + burst.others === burst.size) this.#close(burst);
    },
  };

  override *check({ time }: Sample): Iterable<Finding> {
    for (const [what, { count, woken, first, last, task }] of this.#useless) {
      if (time - last > MEMORY) this.#useless.delete(what);
      if (time - last > MEMORY || last - first < SAMPLE) continue;
      const label = this.around.labelOf(what);
      yield {
        id: "herd",
        key: label,
        message: `${label} wakes many tasks, but hardly any of them finds something to do`,
        evidence: `${many(count, "time")} in ${lasting(last - first)}, it woke ${many(Math.round(woken / count), "task")}, and all but a few immediately waited for it again`,
        place: `${label}, awaited in ${this.around.placeOf(task)}`,
        wayOut:
          "Wake only as many tasks as can continue: call `notify(n)` instead of `notifyAll()`, or use a `Queue`",
        tasks: task.done() ? [] : [task],
        isSure: true,
        since: first,
      };
    }
  }

  /** Counts a large burst if only a few of its tasks did something other than wait again. */
  #close({ what, first, size, others }: Burst): void {
    // If all of them waited again, they may have done their work in between, in the same step.
    if (size < HERD || others === 0 || others > size * USEFUL) return;
    const time = this.around.loop.time();
    const known = this.#useless.get(what);
    if (known === undefined || time - known.last > MEMORY) {
      this.#useless.set(what, { count: 1, woken: size, first: time, last: time, task: first });
      return;
    }
    known.count++;
    known.woken += size;
    known.last = time;
    known.task = first;
  }
}
