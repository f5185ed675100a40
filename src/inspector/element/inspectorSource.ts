// Where an inspector's data comes from: the page itself, a server, or a source that the page's code
// sets.

import type { TraceEvent } from "../traceEvent.ts";
import type { LoopSnapshot } from "../types.ts";
import type { PacedLoop } from "./pacedLoop.ts";

/** What an inspector shows, at one moment. */
export interface InspectorReading {
  /** The loops to choose from. */
  readonly loops: readonly LoopChoice[];
  /** The chosen loop, or the first one; null if there is none. */
  readonly snapshot: LoopSnapshot | null;
}

/** A loop that an inspector can show. */
export interface LoopChoice {
  readonly id: number;
  readonly name: string;
}

/** A recording under way. */
export interface SourceRecording {
  /** Shows new events, if there are any. Called after each reading. */
  refresh(): void;
  stop(): void;
}

/**
 * The data of `<mysyncio-inspector>`. Set the element's `source` to show loops that are neither in
 * the page nor behind a server, such as those of a worker.
 */
export interface InspectorSource {
  /** A sentence for the user about what this source can't show; empty if it shows everything. */
  readonly limits: string;
  /**
   * Reads the loop with the id `loop`, or the first loop if `loop` is null or no longer runs.
   * `task` is the id of the task whose whole stack is shown. Of other tasks, only the outermost
   * function is needed.
   */
  read(loop: number | null, task: number | null): InspectorReading | Promise<InspectorReading>;
  /** Starts to look for warnings on a loop. */
  detect?(loop: number): void;
  /**
   * Starts to record the events of a loop. Each time there are new events, calls `show` with all
   * events to draw, which replace the ones shown before.
   */
  record?(loop: number, show: (events: readonly TraceEvent[]) => void): SourceRecording;
  /** Returns the object that pauses a loop; undefined if the loop can't be paused. */
  pace?(loop: number): PacedLoop | undefined;
  /** Cancels a task. */
  cancel?(task: number): Promise<void>;
  /** Ends everything that this source has started. */
  close(): void;
}
