// The steps of one run, for a picture. Each task and each async function has a lane, which shows
// its waits and what woke it. All callbacks share a lane, and so do all timers.

import { type Naming, Numbering } from "../../debug/waitForGraph.ts";
import { Handle } from "../../loop/handle.ts";
import type { LoopHooks } from "../../program/loopHooks.ts";
import type { Future } from "../../tasks/kernel/future.ts";
import { Task } from "../../tasks/kernel/task.ts";
import { DelayedAwait, PatientStep } from "../host/hostStep.ts";

/** What happened at one position of the time axis. */
export interface TimelineItem {
  /** The number of the lane. */
  readonly lane: number;
  /** Virtual milliseconds. */
  readonly time: number;
  readonly text: string;
  /** A description of what differs from native order here; empty if nothing does. */
  readonly departures: readonly string[];
  /** The item that made this one possible, such as a step that released a lock. */
  cause: number | undefined;
}

/** A period in which a lane waited. */
interface TimelineWait {
  readonly lane: number;
  /** The item after which the wait began. */
  readonly from: number;
  /** The item with which the wait ended; undefined if it never ended. */
  to: number | undefined;
  readonly label: string;
}

export class Timeline {
  readonly lanes: string[] = [];
  readonly items: TimelineItem[] = [];
  readonly waits: TimelineWait[] = [];
  readonly #laneNumbers = new Map<string, number>();
  /** By task, its current wait. */
  readonly #waiting = new Map<object, TimelineWait>();
  /** By task, the item that made it ready. */
  readonly #causes = new Map<object, number>();
  /** By place, the delayed awaits. Those with the same place resume in order of arrival. */
  readonly #delayed = new Map<string, TimelineWait[]>();
  readonly #resources = new Numbering();
  readonly #naming: Naming;
  #departures: string[] = [];

  /**
   * @param naming returns the name of a task, a callback or a timer, which is the same in every
   * run.
   */
  constructor(naming: Naming) {
    this.#naming = naming;
  }

  /** Records what differs from native order in the next item. */
  addDeparture(text: string): void {
    this.#departures.push(text);
  }

  /** Adds a step. */
  addStep(runnable: object, action: string, time: number): void {
    const { lane, text } = laneOfStep(runnable, this.#naming(runnable), action);
    const at = this.#add(lane, text, time, this.#causes.get(runnable));
    this.#causes.delete(runnable);
    const wait = this.#waiting.get(runnable);
    this.#waiting.delete(runnable);
    if (wait !== undefined) wait.to = at;
    if (!(runnable instanceof DelayedAwait)) return;
    const delayed = this.#delayed.get(runnable.place ?? "")?.shift();
    if (delayed !== undefined) delayed.to = at;
  }

  /** Adds an await of an async function. */
  addAwait(place: string, isDelayed: boolean, time: number): void {
    const { functionName, location } = partsOf(place);
    const from = this.#add(functionName, `awaits at ${location}`, time, undefined);
    if (!isDelayed) return;
    const wait = { lane: this.#laneOf(functionName), from, to: undefined, label: "delayed" };
    this.waits.push(wait);
    const others = this.#delayed.get(place);
    if (others === undefined) this.#delayed.set(place, [wait]);
    else others.push(wait);
  }

  /** The hooks of the run's loop, which record waits and wake-ups. */
  readonly hooks: LoopHooks = {
    taskStarted: (task, parent) => {
      if (parent !== undefined) this.#causes.set(task, this.items.length - 1);
    },
    taskWaits: (task, future) => {
      const from = this.items.length - 1;
      // The task's lane is not always that of the last item, because another task may have started
      // this one eagerly.
      const lane = this.#laneOf(laneOfStep(task, this.#naming(task), "").lane);
      const wait = { lane, from, to: undefined, label: this.#describe(future) };
      this.waits.push(wait);
      this.#waiting.set(task, wait);
    },
    taskWakes: (task, by) => {
      if (by !== undefined && by !== task) this.#causes.set(task, this.items.length - 1);
    },
  };

  #add(lane: string, text: string, time: number, cause: number | undefined): number {
    const departures = this.#departures;
    this.#departures = [];
    return this.items.push({ lane: this.#laneOf(lane), time, text, departures, cause }) - 1;
  }

  #laneOf(name: string): number {
    let lane = this.#laneNumbers.get(name);
    if (lane === undefined) {
      lane = this.lanes.push(name) - 1;
      this.#laneNumbers.set(name, lane);
    }
    return lane;
  }

  #describe(future: Future<unknown>): string {
    const resource = future._resource?.();
    const kind = future._describe();
    return `waits for ${resource === undefined ? kind : this.#resources.nameOf(resource, kind)}`;
  }
}

/** Returns the name of a step's lane, and the text of the step. */
function laneOfStep(
  runnable: object,
  name: string,
  action: string,
): { lane: string; text: string } {
  if (runnable instanceof Task) return { lane: name.replaceAll("`", ""), text: action };
  if (runnable instanceof PatientStep && runnable.place !== undefined) {
    const { functionName, location } = partsOf(runnable.place);
    const [kind = ""] = name.split(" in ");
    return { lane: functionName, text: `${kind} at ${location} ${action}` };
  }
  return { lane: runnable instanceof Handle ? "callbacks" : "timers", text: `${name} ${action}` };
}

/** Splits a place, such as `save (db.ts:7:3)`. */
function partsOf(place: string): { functionName: string; location: string } {
  const [, functionName = place, location = place] = /^(.*) \((.*)\)$/s.exec(place) ?? [];
  return { functionName, location };
}
