// Finds tasks that wait for something that can't happen, and tasks whose outcome nobody would
// receive.

import { nodesInCycles } from "../../debug/cycles.ts";
import { timerEntries } from "../cores.ts";
import { isTask, leavesOf } from "../leaves.ts";
import type { FutureShape, TaskShape } from "../shapes.ts";
import { type Finding, functionOf, lasting, many, Rule, type Sample } from "./finding.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/**
 * How many creators must have left a task of the same function behind. With fewer, the tasks may be
 * meant to live on.
 */
const CREATORS = 3;

/**
 * Finds tasks that wait for each other in a cycle, also through locks whose holders are known.
 * Leaves out cycles in which a timeout or anything else may end one of the waits.
 */
export class Deadlocks extends Rule {
  override readonly hooks: RuleHooks = {};

  override *check({ waiting }: Sample): Iterable<Finding> {
    const blockers = new Map<TaskShape, readonly TaskShape[]>();
    const dependents = new Map<TaskShape, TaskShape[]>();
    const alive: TaskShape[] = [];
    for (const [task, on] of waiting) {
      const others = this.#blockersOf(on);
      if (others === undefined) alive.push(task);
      else blockers.set(task, others);
      for (const other of others ?? []) {
        const known = dependents.get(other);
        if (known === undefined) dependents.set(other, [task]);
        else known.push(task);
      }
    }
    if (blockers.size === 0) return;
    for (const other of dependents.keys()) if (!waiting.has(other)) alive.push(other);
    for (const { id } of timerEntries(this.around.loop._core)) {
      const timed = this.around.loop._slots.at(id)?._task;
      if (isTask(timed)) alive.push(timed);
    }
    // A task may continue if any of its blockers may. The remaining tasks are stuck.
    const isAlive = new Set(alive);
    for (let next = alive.pop(); next !== undefined; next = alive.pop()) {
      blockers.delete(next);
      for (const dependent of dependents.get(next) ?? []) {
        if (isAlive.has(dependent)) continue;
        isAlive.add(dependent);
        alive.push(dependent);
      }
    }
    const cyclic = [...nodesInCycles(blockers)] as TaskShape[];
    if (cyclic.length === 0) return;
    const { idOf, placeOf } = this.around;
    const behind = blockers.size - cyclic.length;
    yield {
      id: "deadlock",
      key: cyclic.map((task) => `${idOf(task)}:${idOf(waiting.get(task) as FutureShape)}`).join(),
      message: `${many(cyclic.length, "task")} wait for each other, and nothing else can wake them`,
      evidence: `${cyclic
        .slice(0, 8)
        .map((task) => this.#describe(task, waiting, blockers))
        .join(
          "; ",
        )}${cyclic.length > 8 ? "; ..." : ""}${behind > 0 ? `. ${many(behind, "other task")} ${behind === 1 ? "waits" : "wait"} for them` : ""}`,
      place: [...new Set(cyclic.slice(0, 8).map(placeOf))].join(", "),
      wayOut: "Acquire locks in the same order everywhere, and don't await a task that awaits you",
      tasks: cyclic,
    };
  }

  /**
   * Returns the tasks that can end the wait for `on`. Returns undefined if anything else may end it
   * too, or if it is not known what may.
   */
  #blockersOf(on: FutureShape): TaskShape[] | undefined {
    if (on._resource === undefined && on._parts === undefined && !isTask(on)) return undefined;
    const { tasks, resources, calls, others } = leavesOf(on);
    if (calls.length + others.length > 0) return undefined;
    const blockers = [...tasks];
    for (const waiting of resources) {
      const resource = waiting._resource?.() as object;
      // Anybody may put an item into a queue. Only a lock has exactly one holder.
      if (resource.constructor.name !== "Lock") return undefined;
      const [holder] = [...(waiting._holders?.() ?? [])].map(({ by }) => by);
      if (!isTask(holder) || holder.done()) return undefined;
      blockers.push(holder);
    }
    return blockers.length === 0 ? undefined : blockers;
  }

  #describe(
    task: TaskShape,
    waiting: Sample["waiting"],
    blockers: ReadonlyMap<TaskShape, readonly TaskShape[]>,
  ): string {
    const resource = waiting.get(task)?._resource?.();
    const what = resource && `${this.around.labelOf(resource)}, held by `;
    const names = (blockers.get(task) ?? []).slice(0, 3).map((other) => other.getName());
    return `${task.getName()} waits for ${what ?? ""}${names.join(", ")}`;
  }
}

/**
 * Finds tasks that nobody awaits, whose creators have ended, and that were never woken. Nobody else
 * waits for what such a task waits for. One such task, for example a consumer, may be meant to live
 * on, but hardly one for each of several creators.
 */
export class ForgottenTasks extends Rule {
  override readonly hooks: RuleHooks = {};

  override *check({ time, waiting, lines }: Sample): Iterable<Finding> {
    const groups = new Map<object, TaskShape[]>();
    for (const [task, on] of waiting) {
      const { isWhole, creator, wakes } = this.around.lives.of(task);
      if (!isWhole || !creator?.hasEnded || wakes > 0) continue;
      if (!isPlain(on) && lines.get(on._resource?.() ?? on)?.length !== 1) continue;
      if (!isEmpty(task._waiters())) continue;
      const kind = functionOf(task);
      const group = groups.get(kind);
      if (group === undefined) groups.set(kind, [task]);
      else group.push(task);
    }
    for (const [kind, tasks] of groups) {
      const creators = new Set(tasks.map((task) => this.around.lives.of(task).creator));
      if (creators.size < CREATORS) continue;
      const [first] = tasks as [TaskShape];
      const names = [...creators].slice(0, 3).map((creator) => creator?.name);
      const { since } = this.around.lives.of(first);
      yield {
        id: "forgotten-task",
        key: `${this.around.idOf(kind)}`,
        message: "Tasks were left behind: their creators have ended, and nobody awaits them",
        evidence: `${many(tasks.length, "task")} of ${names.join(", ")}${creators.size > 3 ? ", ..." : ""}; nothing has woken them since they began to wait, the oldest ${lasting(time - since)} ago`,
        place: this.around.placeOf(first),
        wayOut: "Await each task, start it in a `taskGroup`, or cancel it when its creator ends",
        tasks,
      };
    }
  }
}

/** Whether `on` is a future that the program created, and that has only one waiter. */
function isPlain(on: FutureShape): boolean {
  return (
    on._resource === undefined &&
    on._parts === undefined &&
    !isTask(on) &&
    on._describe() === "Future" &&
    [...on._waiters()].length === 1
  );
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}
