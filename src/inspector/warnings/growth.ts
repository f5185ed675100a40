// Finds what grows from sample to sample: queues that are filled faster than they are emptied, and
// the number of timers.

import { timerEntries } from "../cores.ts";
import { isTask } from "../leaves.ts";
import type { RunnableShape, TaskShape } from "../shapes.ts";
import { type Finding, lasting, many, Rule, type Sample, type Surroundings } from "./finding.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/** Fewer items or timers than this are not reported. */
const MANY_ITEMS = 200;
const MANY_TIMERS = 1_000;
/** By how much the size must grow from each sample to the next. */
const GROWTH = 10;
/** Timers that are due sooner than this, in milliseconds, will soon be gone. */
const FAR = 60_000;

interface QueueShape {
  qsize(): number;
  readonly maxsize: number;
}

/** The last three sizes, oldest first; NaN before there were any. */
type Sizes = readonly [number, number, number];

function grows([first, second, third]: Sizes, least: number): boolean {
  return third >= least && second - first >= GROWTH && third - second >= GROWTH;
}

interface QueueHistory {
  /** Does not keep the queue alive, where the platform allows it. */
  readonly queue: { deref(): QueueShape | undefined };
  readonly label: string;
  sizes: Sizes;
  /** When these sizes were read. For sizes that are NaN, when the queue was first seen. */
  times: Sizes;
  /** The largest size from which the queue shrank by more than half until the next sample. */
  peak: number;
  /** The function that first waited for the queue. */
  readonly place: string;
  /** The task that first waited for the queue, unless it was collected. */
  readonly consumer: { deref(): TaskShape | undefined };
}

/** Finds queues that are filled faster than they are emptied. */
export class GrowingQueues extends Rule {
  readonly #known = new WeakSet<object>();
  readonly #histories = new Set<QueueHistory>();

  constructor(around: Surroundings) {
    super(around);
    for (const task of around.loop._slots) {
      if (isTask(task)) this.#add(task._inspect().on?._resource?.(), task);
    }
  }

  override readonly hooks: RuleHooks = {
    // While a queue grows, it has no waiters. So it is remembered when a task waits for it.
    taskWaits: (task, future) => this.#add(future._resource?.(), task),
  };

  override *check({ time, lines }: Sample): Iterable<Finding> {
    for (const [what, [task]] of lines) {
      if (task !== undefined) this.#add(what, task);
    }
    for (const history of this.#histories) {
      const queue = history.queue.deref();
      if (queue === undefined) {
        this.#histories.delete(history);
        continue;
      }
      const size = queue.qsize();
      const [, before, last] = history.sizes;
      if (size < last / 2) history.peak = Math.max(history.peak, last);
      history.sizes = [before, last, size];
      history.times = [history.times[1], history.times[2], time];
      // A queue that is emptied from time to time may grow again, up to twice its peak.
      if (!grows(history.sizes, MANY_ITEMS) || size <= 2 * history.peak) continue;
      const consumer = history.consumer.deref();
      yield {
        id: "queue-growing",
        key: history.label,
        message: `Items are put into ${history.label} faster than they are taken out`,
        evidence: `it grew from ${before.toLocaleString("en")} to ${many(size, "item")} in ${lasting(time - history.times[0])}`,
        place: `${history.label}${history.place && `, awaited in ${history.place}`}`,
        wayOut: "Give it a `maxsize`, so that `put` waits for the consumers, or start more of them",
        tasks: consumer === undefined || consumer.done() ? [] : [consumer],
        // Three samples have shown it.
        isSure: true,
        since: history.times[0],
      };
    }
  }

  #add(what: object | undefined, task: TaskShape): void {
    if (what === undefined || this.#known.has(what)) return;
    this.#known.add(what);
    const queue = what as Partial<QueueShape>;
    if (queue.qsize === undefined || queue.maxsize === undefined) return;
    const now = this.around.loop.time();
    this.#histories.add({
      queue: weak(queue as QueueShape),
      consumer: weak(task),
      label: this.around.labelOf(what),
      sizes: [NaN, NaN, NaN],
      times: [now, now, now],
      peak: 0,
      place: this.around.placeOf(task),
    });
  }
}

/** Finds loops on which more and more callbacks are scheduled for later. */
export class TimerLeaks extends Rule {
  #sizes: Sizes = [NaN, NaN, NaN];
  #times: Sizes = [0, 0, 0];

  override readonly hooks: RuleHooks = {};

  override *check({ time }: Sample): Iterable<Finding> {
    const { _core: core, _slots: slots } = this.around.loop;
    const delays: number[] = [];
    const names = new Map<string, number>();
    if (core.timers() >= MANY_TIMERS) {
      for (const { id, when } of timerEntries(core)) {
        const runnable = slots.at(id);
        if (runnable === undefined || !isCallback(runnable)) continue;
        delays.push(when - time);
        const name = runnable._describe();
        names.set(name, (names.get(name) ?? 0) + 1);
      }
    }
    const [, before, last] = this.#sizes;
    this.#sizes = [before, last, delays.length];
    this.#times = [this.#times[1], this.#times[2], time];
    const middle = delays.sort((a, b) => a - b)[delays.length >> 1] ?? 0;
    if (!grows(this.#sizes, MANY_TIMERS) || middle < FAR) return;
    const [name = ""] = [...names].sort(([, a], [, b]) => b - a)[0] ?? [];
    yield {
      id: "timer-leak",
      key: "",
      message: "Timers keep being added, and are neither due soon nor cancelled",
      evidence: `the loop's callbacks for later grew from ${before.toLocaleString("en")} to ${delays.length.toLocaleString("en")} in ${lasting(time - this.#times[0])}; half of them are due in ${lasting(middle)} or later`,
      place: `callback ${name}`,
      wayOut:
        "Cancel the handle that `callLater` returns when it is no longer needed, or use `timeout`",
      tasks: [],
      isSure: true,
      since: this.#times[0],
    };
  }
}

/** Whether a timer is a callback. Sleeps and timeouts belong to tasks, and end with them. */
function isCallback(runnable: RunnableShape): boolean {
  return runnable._task === undefined && runnable._waiters === undefined;
}

/** Refers to an object without keeping it alive, where the platform allows that. */
function weak<T extends object>(object: T): { deref(): T | undefined } {
  return typeof WeakRef === "function" ? new WeakRef(object) : { deref: () => object };
}
