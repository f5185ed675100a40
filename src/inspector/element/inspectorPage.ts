// Supplies the loops of this page, including those of other copies of this package, to the
// inspector. Finds them in the registry that all copies share.

import type { Scheduler } from "../../loop/scheduler.ts";
import type { Task } from "../../tasks/kernel/task.ts";
import { Reader } from "../reader.ts";
import type { LoopShape } from "../shapes.ts";
import { startCounting } from "../statistics.ts";
import type { TraceEvent } from "../traceEvent.ts";
import { eventsOf } from "../traceEvents.ts";
import { TraceRing } from "../traceRing.ts";
import type { FrameSnapshot } from "../types.ts";
import type { InspectorReading, InspectorSource, SourceRecording } from "./inspectorSource.ts";
import { type PaceableLoop, PacedLoop } from "./pacedLoop.ts";
import { detectOn, type PageDetector } from "./pageDetector.ts";

type PageLoop = LoopShape & PaceableLoop & Scheduler;

const ONLY_IN_DEBUG_MODE =
  "Debug mode, loop.setDebug(true), also shows the holders of locks and the line of each wait.";

const LOOPS = Symbol.for("mysyncio.loops");
/** How many events of a trace are kept: so few that showing them takes less than a frame. */
const LIMIT = 6_000;
/** The largest share of the time that may be spent on showing a trace. */
const SHARE = 0.1;

export class PageSource implements InspectorSource {
  readonly #reader = new Reader();
  readonly #onTurn: () => void;
  readonly #watched = new Map<number, Watched>();
  /** The outermost frame of each task, which never changes. */
  readonly #outermost = new WeakMap<object, readonly FrameSnapshot[]>();
  limits = "";

  /** @param onTurn called after each turn of a loop that is paused or slowed down */
  constructor(onTurn: () => void) {
    this.#onTurn = onTurn;
  }

  read(chosen: number | null, shown: number | null): InspectorReading {
    const loops = [...((Reflect.get(globalThis, LOOPS) ?? []) as Iterable<PageLoop>)];
    const ids = loops.map((loop) => this.#reader.idOf(loop));
    for (const [id, { end }] of this.#watched) {
      if (ids.includes(id)) continue;
      end();
      this.#watched.delete(id);
    }
    const at = Math.max(0, ids.indexOf(chosen as number));
    const loop = loops[at];
    if (loop === undefined) return { loops: [], snapshot: null };
    const { pace, detector } = this.#watch(ids[at] as number, loop);
    detector?.poll();
    const { snapshot } = this.#reader.read(loop, { frames: (task) => this.#framesOf(task, shown) });
    const externals = snapshot.loop.externals - pace.externals;
    this.limits = snapshot.loop.isDebug ? "" : ONLY_IN_DEBUG_MODE;
    return {
      loops: ids.map((id) => ({ id, name: `Loop ${id}` })),
      snapshot: { ...snapshot, loop: { ...snapshot.loop, externals } },
    };
  }

  record(loop: number, show: (events: readonly TraceEvent[]) => void): SourceRecording {
    const watched = this.#watched.get(loop);
    if (watched === undefined) throw new RangeError(`Loop ${loop} has ended`);
    const recording = new TraceRing(watched.loop, LIMIT);
    let seen = -1;
    let next = 0;
    return {
      refresh() {
        const began = performance.now();
        if (recording.seen === seen || began < next) return;
        seen = recording.seen;
        show(eventsOf(recording.columns()));
        const took = performance.now() - began;
        next = began + took / SHARE;
      },
      stop: () => recording.stop(),
    };
  }

  pace(loop: number): PacedLoop | undefined {
    return this.#watched.get(loop)?.pace;
  }

  detect(loop: number): void {
    const watched = this.#watched.get(loop);
    if (watched !== undefined) watched.detector ??= detectOn(watched.loop, this.#reader);
  }

  close(): void {
    for (const { end } of this.#watched.values()) end();
    this.#watched.clear();
  }

  /**
   * Returns the frames of a task: the whole stack of the shown task, and the outermost frame of any
   * other. Asks the task itself, because its own copy of this package can name its functions.
   */
  #framesOf(task: object, shown: number | null): readonly FrameSnapshot[] {
    if (this.#reader.idOf(task) === shown) return stackOfTask(task as Task<unknown>);
    let outermost = this.#outermost.get(task);
    if (outermost === undefined) {
      outermost = stackOfTask(task as Task<unknown>).slice(0, 1);
      this.#outermost.set(task, outermost);
    }
    return outermost;
  }

  #watch(id: number, loop: PageLoop): Watched {
    const known = this.#watched.get(id);
    if (known !== undefined) return known;
    const isCounted = loop._slots.hooks?.some(({ hooks }) => hooks._facts !== undefined);
    const stop = isCounted ? undefined : startCounting(loop);
    const pace = new PacedLoop(loop, this.#onTurn);
    const end = () => {
      pace.resume();
      stop?.();
      watched.detector?.end();
    };
    const watched: Watched = { loop, pace, end };
    this.#watched.set(id, watched);
    return watched;
  }
}

interface Watched {
  readonly loop: PageLoop;
  readonly pace: PacedLoop;
  readonly end: () => void;
  detector?: PageDetector;
}

/** Longer stacks are cut. */
const MAX_FRAMES = 30;

function stackOfTask(task: Task<unknown>): FrameSnapshot[] {
  return task.getStack({ limit: MAX_FRAMES }).map(({ functionName, location = "" }) => {
    const [, file = null, line, column] = /(.*):(\d+):(\d+)$/.exec(location) ?? [];
    return {
      functionName: functionName === "anonymous" ? "" : functionName,
      ...{ file, line: Number(line) || null, column: Number(column) || null },
    };
  });
}
