// Samples for `mysyncio top`: what changed in a target from one reading to the next.

import type { LoopTotals, ThreadReading } from "../inspector/node/inTarget.ts";
import { interruptedCode, type Target } from "../inspector/node/target.ts";
import type { FrameSnapshot, LoopFacts, TaskSnapshot } from "../inspector/types.ts";
import { groupBy } from "./groups.ts";
import { inSource } from "./sourceMaps.ts";
import { TaskFrames } from "./taskFrames.ts";

/** What a target did since the previous sample. */
export interface TopSample extends Pick<ThreadReading, "pid" | "thread" | "program"> {
  /** The milliseconds since the previous sample. */
  readonly elapsed: number;
  readonly loops: readonly TopLoop[];
}

/** What a loop did. Rates are per second. */
export interface TopLoop extends Pick<LoopFacts, "id" | "ready" | "timers" | "externals"> {
  readonly tasks: number;
  /** The part of the time in which it was busy, from 0 to 1. */
  readonly busy: number;
  /**
   * How late timers were on average in the last full second in which any fired, in milliseconds;
   * null before the first such second, and if none has fired since the previous sample.
   */
  readonly lag: number | null;
  readonly turns: number;
  readonly steps: number;
  readonly started: number;
  readonly ended: number;
  /** The busiest first. */
  readonly groups: readonly TopGroup[];
  /** How many groups were omitted. */
  readonly moreGroups: number;
}

/** The tasks of a coroutine function. */
export interface TopGroup {
  readonly coroutine: string;
  readonly tasks: number;
  readonly ready: number;
  readonly running: number;
  /** The most frequent thing that its waiting tasks wait for; null if none waits. */
  readonly waitsFor: string | null;
  /** The part of the time that the steps of its tasks took, from 0 to 1. */
  readonly busy: number;
  /** Steps per second. */
  readonly steps: number;
  /**
   * The longest step of any of its tasks since counting began, in milliseconds; null if there was
   * none.
   */
  readonly longestStep: number | null;
  /**
   * Where its busiest task is suspended; if the group has a task whose step doesn't end, where that
   * task runs.
   */
  readonly stack: readonly FrameSnapshot[];
}

interface Known {
  readonly busy: number;
  readonly steps: number;
}

export class TopSampler {
  readonly #target: Target;
  readonly #frames: TaskFrames;
  #at = 0;
  #tasks = new Map<number, Known>();
  #totals = new Map<number, LoopTotals>();

  constructor(target: Target) {
    this.#target = target;
    this.#frames = new TaskFrames(target);
  }

  /** Reads the target, with at most `limit` groups of tasks for each loop. */
  async next(limit: number): Promise<TopSample> {
    const reading = await this.#target.call("sample", this.#target.client);
    const now = performance.now();
    const elapsed = now - this.#at;
    this.#at = now;
    await this.#frames.take(reading);
    const loops: TopLoop[] = [];
    for (const [index, { loop, tasks }] of reading.loops.entries()) {
      const totals = reading.totals[index] as LoopTotals;
      const known = this.#totals.get(loop.id);
      // After a pause of this command, the target may have stopped counting and begun again.
      const before = known?.since === totals.since ? known : totals;
      // A step that began before the previous sample and still runs is in no total yet.
      const stuck =
        totals.slices === before.slices
          ? interruptedCode(reading, this.#frames.mark, inSource)
          : [];
      const groups = this.#groups(tasks, elapsed, stuck.length > 0);
      const shown = groups.slice(0, limit);
      const stacks = await this.#stacks(shown, stuck);
      loops.push({
        ...ratesOf(loop, totals, before, elapsed),
        tasks: tasks.length,
        ...(stuck.length > 0 ? { busy: 1 } : {}),
        groups: shown.map(({ busiest: _, ...group }, at) => ({
          ...group,
          stack: stacks[at] ?? [],
        })),
        moreGroups: groups.length - shown.length,
      });
    }
    this.#tasks = new Map(
      reading.loops.flatMap(({ tasks }) => tasks.map((task) => [task.id, knownOf(task)] as const)),
    );
    this.#totals = new Map(
      reading.loops.map(({ loop }, at) => [loop.id, reading.totals[at] as LoopTotals]),
    );
    const { pid, thread, program } = reading;
    return { pid, thread, program, elapsed, loops };
  }

  #groups(tasks: readonly TaskSnapshot[], elapsed: number, isStuck: boolean): Group[] {
    const groups = groupBy(tasks, ({ id }) => this.#frames.nameOf(id));
    return [...groups]
      .map(([coroutine, members]): Group => {
        const changes = members.map((task) => this.#changeOf(task));
        const longest = members.flatMap(({ longestStep }) => longestStep ?? []);
        const running = members.filter(({ state }) => state === "running");
        const busy = changes.reduce((sum, one) => sum + one.busy, 0) / elapsed;
        const steps = changes.reduce((sum, one) => sum + one.steps, 0);
        return {
          coroutine,
          tasks: members.length,
          ready: members.filter(({ state }) => state === "ready").length,
          running: running.length,
          waitsFor: mostFrequent(members.flatMap((task) => waitLabel(task, members.length))),
          busy: isStuck && running.length > 0 ? 1 : busy,
          steps: (steps * 1_000) / elapsed,
          longestStep: longest.length === 0 ? null : Math.max(...longest),
          busiest: (isStuck ? running[0] : undefined) ?? this.#busiest(members),
        };
      })
      .sort((a, b) => b.busy - a.busy || b.steps - a.steps || b.tasks - a.tasks);
  }

  #changeOf(task: TaskSnapshot): Known {
    const before = this.#tasks.get(task.id);
    const { busy, steps } = knownOf(task);
    if (before === undefined || steps < before.steps) return { busy, steps };
    return { busy: busy - before.busy, steps: steps - before.steps };
  }

  #busiest(tasks: readonly TaskSnapshot[]): TaskSnapshot {
    return tasks.reduce((best, task) =>
      this.#changeOf(task).busy > this.#changeOf(best).busy ? task : best,
    );
  }

  /** Reads the stack of the busiest task of each group. */
  async #stacks(
    groups: readonly Group[],
    stuck: readonly FrameSnapshot[],
  ): Promise<FrameSnapshot[][]> {
    const stacks = await this.#frames.stacksOf(groups.map(({ busiest }) => busiest));
    return stacks.map((stack, at) =>
      groups[at]?.busiest.state === "running" && stuck.length > 0 ? [...stuck] : stack,
    );
  }
}

type Group = Omit<TopGroup, "stack"> & { readonly busiest: TaskSnapshot };

function ratesOf(loop: LoopFacts, totals: LoopTotals, before: LoopTotals, elapsed: number) {
  const perSecond = (name: "turns" | "steps" | "tasksStarted" | "tasksEnded") =>
    ((totals[name] - before[name]) * 1_000) / elapsed;
  return {
    ...{ id: loop.id, ready: loop.ready, timers: loop.timers, externals: loop.externals },
    busy: Math.min(1, (totals.busy - before.busy) / elapsed),
    lag: totals.timersFired > before.timersFired ? totals.lag : null,
    ...{ turns: perSecond("turns"), steps: perSecond("steps") },
    ...{ started: perSecond("tasksStarted"), ended: perSecond("tasksEnded") },
  };
}

function waitLabel({ waitsFor }: TaskSnapshot, among: number): string[] {
  if (waitsFor === null) return [];
  return [waitsFor.kind === "Task" && among > 1 ? "a task" : waitsFor.label];
}

function mostFrequent(texts: readonly string[]): string | null {
  const groups = [...groupBy(texts, (text) => text)].sort(([, a], [, b]) => b.length - a.length);
  return groups[0]?.[0] ?? null;
}

function knownOf({ busy, steps }: TaskSnapshot): Known {
  return { busy: busy ?? 0, steps: steps ?? 0 };
}
