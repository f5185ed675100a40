// Records what several rules need to know about each task that is not done.
//
// The entry of a task is dropped when the task ends, and an entry keeps no other task alive.

import type { FutureShape, TaskShape } from "../shapes.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/** The creator of a task. */
interface Creator {
  readonly name: string;
  hasEnded: boolean;
}

/** What is recorded about a task. */
class Life implements Creator {
  readonly name: string;
  creator: Creator | undefined;
  /** Whether the task was recorded from its start. */
  readonly isWhole: boolean;
  hasEnded = false;
  /** How often the task was woken. */
  wakes = 0;
  /** What the task waits for, or waited for before its latest step. */
  on: FutureShape | undefined;
  /**
   * When that wait began, by the loop's clock. Before the task's first wait: when its recording
   * began.
   */
  since: number;

  constructor(name: string, creator: Creator | undefined, isWhole: boolean, since: number) {
    this.name = name;
    this.creator = creator;
    this.isWhole = isWhole;
    this.since = since;
  }
}

export class Lives {
  readonly #lives = new Map<TaskShape, Life>();
  readonly #time: () => number;

  constructor(time: () => number) {
    this.#time = time;
  }

  readonly hooks: RuleHooks & {
    taskStarted(task: TaskShape, parent: TaskShape | undefined): void;
  } = {
    taskStarted: (task, parent) => {
      const creator = parent && this.of(parent);
      this.#lives.set(task, new Life(task.getName(), creator, true, this.#time()));
    },
    taskWaits: (task, future) => {
      const life = this.of(task);
      life.on = future;
      life.since = this.#time();
    },
    taskWakes: (task) => {
      this.of(task).wakes++;
    },
  };

  /** Called after all rules have seen the end of `task`. */
  end(task: TaskShape): void {
    const life = this.#lives.get(task);
    if (life === undefined) return;
    life.hasEnded = true;
    // Tasks that this task created may still refer to its entry. The entry must then keep alive
    // neither the entries of its ancestors nor what the task waited for.
    life.creator = undefined;
    life.on = undefined;
    this.#lives.delete(task);
  }

  of(task: TaskShape): Life {
    let life = this.#lives.get(task);
    if (life === undefined) {
      life = new Life(task.getName(), undefined, false, this.#time());
      // The task is older than the detector. If it is done, nothing would drop its entry.
      if (!task.done()) this.#lives.set(task, life);
    }
    return life;
  }
}
