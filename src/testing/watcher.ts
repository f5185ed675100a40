// What a run does, in words: who took which step, and who waits for what.
//
// Only a failing schedule is watched, in a run of its own in debug mode: places cost too much otherwise.

import type { EventLoop } from "../eventLoop.ts";
import { Handle } from "../loop/handle.ts";
import { places, type WaitingPlace } from "../loop/places.ts";
import type { Waiter } from "../tasks/future.ts";
import { Task } from "../tasks/task.ts";

/** Names that tasks have by default count over all loops, and would be others in each run. */
const DEFAULT_NAME = /^Task-\d+$/;

export class Watcher {
  readonly steps: string[] = [];
  /** Who ran, in the order of first appearance. The first is `main`. */
  readonly #known: object[] = [];
  readonly #places = new Map<object, WaitingPlace | undefined>();
  /** Which task a task awaits. */
  readonly #awaits = new Map<object, Task<unknown>>();
  #last: object | undefined;

  /** Begins to watch. */
  watch(loop: EventLoop): void {
    const awaits = this.#awaits;
    loop._makeTask = (body, options) => {
      const task = new Task<unknown>(loop, body, options);
      const add = task._addWaiter;
      task._addWaiter = function (this: Task<unknown>, waiter: Waiter) {
        if (waiter instanceof Task) awaits.set(waiter, this);
        add.call(this, waiter);
      };
      return task;
    };
  }

  /** Called before each step. */
  onStep(runnable: object, count: number, loop: EventLoop): void {
    this.#settle();
    const among = count === 1 ? "" : `, one of ${count} that were ready`;
    const isNew = !this.#known.includes(runnable);
    const at = this.#places.get(runnable);
    const who = this.#nameOf(runnable);
    let what = "";
    if (runnable instanceof Task) {
      if (isNew) what = " starts";
      else what = at === undefined ? " goes on after a `yield`" : ` goes on in ${words(at)}`;
    }
    this.steps.push(`${who}${what}${among}, at ${loop.time()} ms`);
    this.#awaits.delete(runnable);
    this.#last = runnable;
  }

  /** Words for what keeps tasks waiting, those marked that wait for each other. */
  describe(tasks: readonly Task<unknown>[]): string[] {
    this.#settle();
    return tasks.map((task) => {
      const at = this.#places.get(task);
      const inner = this.#awaits.get(task);
      const where = at === undefined ? "" : ` in ${words(at)}`;
      const whom = inner === undefined ? "" : ` for ${this.#nameOf(inner)}`;
      const cycle = this.#isInCycle(task) ? " <- in a cycle" : "";
      return `${this.#nameOf(task)} waits${whom}${where}${cycle}`;
    });
  }

  /** The last step is over: where it waits now is the last place that was noted. */
  #settle(): void {
    if (this.#last !== undefined) this.#places.set(this.#last, places.last);
    this.#last = undefined;
    places.last = undefined;
  }

  #nameOf(runnable: object): string {
    if (runnable instanceof Handle) return `callback ${runnable._describe()}`;
    if (!(runnable instanceof Task)) return "a timer";
    if (!this.#known.includes(runnable)) this.#known.push(runnable);
    const number = this.#known.indexOf(runnable);
    if (number === 0) return "`main`";
    const name = runnable.getName();
    return DEFAULT_NAME.test(name) ? `task ${number}` : `task ${number} ${JSON.stringify(name)}`;
  }

  #isInCycle(task: Task<unknown>): boolean {
    const seen = new Set<object>();
    for (let at = this.#awaits.get(task); at !== undefined && !seen.has(at); ) {
      if (at === task) return true;
      seen.add(at);
      at = this.#awaits.get(at);
    }
    return false;
  }
}

function words({ functionName, location, origin }: WaitingPlace): string {
  const own = nameAt(functionName, location);
  return origin.location === location
    ? own
    : `${functionName}, called in ${nameAt(origin.functionName, origin.location)}`;
}

function nameAt(functionName: string, location: string): string {
  return `${functionName || "a function"} (${location})`;
}
