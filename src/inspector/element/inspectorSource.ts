// Where an inspector's data comes from: the page itself, a server, or what a page provides.

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
  /** Shows what was recorded since. Called after each reading. */
  refresh(): void;
  stop(): void;
}

/**
 * The data of `<mysyncio-inspector>`. Set the element's `source` to show loops that are neither in
 * the page nor behind a server, such as those of a worker.
 */
export interface InspectorSource {
  /** A sentence that tells the user what this source can't know; empty if it knows everything. */
  readonly limits: string;
  /**
   * Reads the loop of that id, or the first loop if it is null or gone. `task` is the one whose
   * stack is shown: the stacks of others may be left out, except for their outermost function.
   */
  read(loop: number | null, task: number | null): InspectorReading | Promise<InspectorReading>;
  /** Starts to look for warnings on a loop. */
  detect?(loop: number): void;
  /**
   * Starts to record the events of a loop. Each time there are more, calls `show` with all events
   * that are kept.
   */
  record?(loop: number, show: (events: readonly TraceEvent[]) => void): SourceRecording;
  /** Returns what pauses a loop; undefined if it can't be paused. */
  pace?(loop: number): PacedLoop | undefined;
  /** Cancels a task. */
  cancel?(task: number): Promise<void>;
  /** Ends everything that it has started. */
  close(): void;
}
