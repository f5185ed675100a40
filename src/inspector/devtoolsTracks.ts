// Shows a loop's steps and waits as tracks of the browser's Performance panel.
//
// Each step or wait is written when it ends, by `console.timeStamp`, which costs far less than
// `performance.measure` and keeps nothing unless a recording is under way.

import { checkCount, checkOptions } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { monotonicClock } from "../loop/clock.ts";
import { currentScheduler } from "../loop/current.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import type { LoopHooks } from "../program/loopHooks.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { kindOf } from "./leaves.ts";

/** The options of `devtoolsTracks`. */
export interface TrackOptions {
  /** The loop to show; by default the running one. */
  readonly loop?: Scheduler | undefined;
  /** How many tracks to use for tasks; 50 by default. With 0, tasks have none. */
  readonly tracks?: number | undefined;
}

/** The names that Chrome gives to the colors of its tracks. */
type Color = "primary" | "primary-light" | "secondary" | "error";

/** `console.timeStamp` as Chrome extends it. Instants are those of `performance.now()`. */
type TimeStamp = (
  label: string,
  start: number,
  end: number,
  track: string,
  group: string,
  color: Color,
) => void;

const GROUP = "mysyncio";
const TRACKS = 50;

/** What is shown of a task that is not done. */
interface Shown {
  readonly label: string;
  /** The number of its track; undefined if all tracks were taken. */
  readonly track: number | undefined;
  waitsSince: number;
  /** Empty while the task doesn't wait. */
  waitsFor: string;
}

class Tracks {
  readonly #shown = new Map<object, Shown>();
  readonly #free: number[] = [];
  /**
   * When each step or callback on the stack began. They nest if one of them starts a task eagerly.
   */
  readonly #begins: number[] = [];
  readonly #limit: number;
  readonly #timeStamp: TimeStamp;
  #used = 0;

  constructor(limit: number, timeStamp: TimeStamp) {
    this.#limit = limit;
    this.#timeStamp = timeStamp;
  }

  readonly hooks: LoopHooks = {
    stepBegins: (task) => {
      const now = monotonicClock.now();
      this.#begins.push(now);
      const shown = this.#shownOf(task);
      if (shown.waitsFor === "") return;
      this.#write(shown.label + shown.waitsFor, shown.waitsSince, shown.track, "primary-light");
      shown.waitsFor = "";
    },
    stepEnds: (task) => {
      const begin = this.#begins.pop();
      // The step was already under way when the hooks were installed.
      if (begin === undefined) return;
      const { label, track } = this.#shownOf(task);
      this.#writeStep(label, begin, "primary");
      this.#write(label, begin, track, "primary");
    },
    taskWaits: (task, future) => {
      const shown = this.#shownOf(task);
      shown.waitsSince = monotonicClock.now();
      shown.waitsFor = ` waits for ${kindOf(future)}`;
    },
    taskEnds: (task) => {
      const track = this.#shown.get(task)?.track;
      this.#shown.delete(task);
      if (track !== undefined) this.#free.push(track);
    },
    callbackBegins: () => void this.#begins.push(monotonicClock.now()),
    callbackEnds: (handle) => {
      const begin = this.#begins.pop();
      if (begin !== undefined) this.#writeStep(handle._describe(), begin, "secondary");
    },
    warns: ({ id, evidence }) => {
      const now = monotonicClock.now();
      this.#timeStamp(`${id}: ${evidence}`, now, now, "warnings", GROUP, "error");
    },
  };

  #shownOf(task: Task<unknown>): Shown {
    let shown = this.#shown.get(task);
    if (shown === undefined) {
      const track = this.#free.pop() ?? (this.#used < this.#limit ? ++this.#used : undefined);
      shown = { label: labelOf(task), track, waitsSince: 0, waitsFor: "" };
      this.#shown.set(task, shown);
    }
    return shown;
  }

  #writeStep(label: string, begin: number, color: Color): void {
    this.#timeStamp(label, begin, monotonicClock.now(), "steps", GROUP, color);
  }

  #write(label: string, begin: number, track: number | undefined, color: Color): void {
    if (track === undefined) return;
    this.#timeStamp(label, begin, monotonicClock.now(), `tasks ${track}`, GROUP, color);
  }
}

/** Returns the name of a task, preceded by that of its coroutine function if it is known. */
function labelOf(task: Task<unknown>): string {
  const name = task.getName();
  const [{ functionName } = { functionName: "anonymous" }] = task.getStack();
  return functionName === "anonymous" ? name : `${functionName} (${name})`;
}

/**
 * Shows a loop in the Performance panel of Chrome's DevTools, in the group "mysyncio": a track with
 * every step and callback, and tracks with the steps and waits of tasks. A task keeps its track
 * until it ends, then another task gets it. While all of them are taken, further tasks appear only
 * in the track with every step. Warnings have a track too.
 *
 * Call it before or during a recording. Returns a function that stops showing the loop; what has
 * been shown stays.
 * Each step reads the clock two to five times. Firefox and Safari show labels without tracks, and
 * Node shows nothing: use `startTrace` there.
 *
 * @throws TypeError, RangeError if an option is invalid.
 * @throws RuntimeError if no loop is given and none is running, or if the platform lacks
 * `console.timeStamp`.
 * @example
 * const stop = devtoolsTracks({ loop });
 * await loop.runUntilComplete(main);
 * stop();
 */
export function devtoolsTracks(options: TrackOptions = {}): () => void {
  checkOptions(options);
  const { loop = currentScheduler("devtoolsTracks()"), tracks = TRACKS } = options;
  checkLoop(loop);
  checkCount("tracks", tracks);
  const { timeStamp } = console as { timeStamp?: TimeStamp };
  if (timeStamp === undefined) {
    throw new RuntimeError("devtoolsTracks() needs `console.timeStamp`, which this platform lacks");
  }
  const { hooks } = new Tracks(tracks, timeStamp.bind(console));
  return instrument(loop, hooks as HookSet);
}
