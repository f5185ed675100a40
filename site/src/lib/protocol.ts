// The messages between a page and the worker that runs its programs.

import type { InspectorReading, TraceEvent } from "mysyncio/inspector/element";

export type ClockKind = "real" | "virtual";

export interface RunRequest {
  readonly kind: "run";
  /** TypeScript. */
  readonly program: string;
  readonly clock: ClockKind;
  /** Whether it begins paused, and answers an inspector. */
  readonly isInspected: boolean;
}

export interface ExploreRequest {
  readonly kind: "explore";
  /** TypeScript that exports the generator function `main`. */
  readonly program: string;
  readonly strategy: "random" | "pct" | "exhaustive";
  readonly runs: number;
}

export interface BenchmarkRequest {
  readonly kind: "benchmark";
}

/** Asks the running program to end: its main task is cancelled. */
export interface CancelRequest {
  readonly kind: "cancel";
}

/** A request of an inspector. `loop` is null until the inspector has found a loop. */
export interface InspectRequest {
  readonly kind: "inspect";
  readonly loop: number | null;
  readonly act:
    | { readonly kind: "read"; readonly number: number; readonly task: number | null }
    /** Milliseconds per turn: 0 is full speed, and Infinity pauses. */
    | { readonly kind: "pace"; readonly interval: number }
    | { readonly kind: "step" | "detect" | "record" | "stopRecording" };
}

export type Start = RunRequest | ExploreRequest | BenchmarkRequest;
export type Request = Start | CancelRequest | InspectRequest;

export interface LogLine {
  readonly kind: "log";
  readonly level: "log" | "warn" | "error";
  readonly text: string;
}

/** An object in a lane. It keeps its id as long as it lives, so that it can be seen to move. */
export interface StageItem {
  readonly id: number;
  readonly label: string;
  readonly detail: string;
}

export interface StageLane {
  readonly name: string;
  readonly items: readonly StageItem[];
}

/** What a watched program looked like at one moment. */
export interface Frame {
  readonly kind: "frame";
  readonly caption: string;
  readonly lanes: readonly StageLane[];
}

export interface Ended {
  readonly kind: "ended";
  /** Absent if it ended well. */
  readonly error?: string;
  readonly wasCancelled: boolean;
  readonly milliseconds: number;
  /** The core of a loop in this worker. */
  readonly core: string;
}

export interface Explored {
  readonly kind: "explored";
  readonly runs: number;
  readonly exhausted: boolean;
  /** Absent if no order failed. */
  readonly failure?: { readonly schedule: string; readonly message: string };
}

export interface Measured {
  readonly kind: "measured";
  readonly what: string;
  readonly ours: number;
  readonly promises: number;
}

/** The answer to the request to read that has the same number. */
export interface Reading {
  readonly kind: "reading";
  readonly number: number;
  readonly reading: InspectorReading;
  readonly limits: string;
}

export interface Recorded {
  readonly kind: "recorded";
  readonly events: readonly TraceEvent[];
}

export type Answer = LogLine | Reading | Recorded | Frame | Ended | Explored | Measured;
