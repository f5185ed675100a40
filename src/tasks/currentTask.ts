import { currentScheduler } from "../loop/current.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import { Task } from "./kernel/task.ts";

/**
 * Returns the task that is running now; undefined if none is, as in a callback. Like
 * `asyncio.current_task`.
 *
 * @param loop the loop to ask, by default the running one.
 * @throws RuntimeError if `loop` is omitted and no loop is running.
 */
export function currentTask(loop?: Scheduler): Task<unknown> | undefined {
  if (loop !== undefined) checkLoop(loop);
  const { current } = (loop ?? currentScheduler("currentTask()"))._slots;
  return current instanceof Task ? current : undefined;
}

/**
 * Returns the tasks of a loop that are not done. Like `asyncio.all_tasks`.
 *
 * @param loop the loop to ask, by default the running one.
 * @throws RuntimeError if `loop` is omitted and no loop is running.
 */
export function allTasks(loop?: Scheduler): Set<Task<unknown>> {
  if (loop !== undefined) checkLoop(loop);
  const tasks = new Set<Task<unknown>>();
  for (const runnable of (loop ?? currentScheduler("allTasks()"))._slots) {
    if (runnable instanceof Task && !runnable.done()) tasks.add(runnable);
  }
  return tasks;
}
