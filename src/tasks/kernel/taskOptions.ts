import type { Priority } from "../../core/core.ts";
import type { Context } from "../../loop/context.ts";

/** Options of a new task. */
export interface TaskOptions {
  /** Shown in reports. By default `Task-N`. */
  readonly name?: string | undefined;
  /** The context to run in. By default a copy of the current one. */
  readonly context?: Context | undefined;
  /** Runs the first step immediately, if the task's loop is the running one. */
  readonly eagerStart?: boolean | undefined;
  /**
   * The ready queue to wait in. By default `"user-visible"`. In each turn, user-blocking tasks run
   * first, then everything user-visible, including callbacks and timers. If nothing else is ready,
   * all background tasks run. Otherwise one runs per eight entries of other priorities, and at
   * least one.
   */
  readonly priority?: TaskPriority | undefined;
}

/** The web's three priorities: see https://wicg.github.io/scheduling-apis/#sec-task-priorities. */
export type TaskPriority = "user-blocking" | "user-visible" | "background";

export const USER_VISIBLE = "user-visible";

export const PRIORITIES: Readonly<Record<TaskPriority, Priority>> = {
  "user-blocking": 0,
  "user-visible": 1,
  background: 2,
};

/** The priority of tasks that are created without one. */
export const DEFAULT_PRIORITY = PRIORITIES[USER_VISIBLE];
