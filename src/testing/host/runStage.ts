// What the replacements of the host's functions need to know about the run that calls them.

import type { Clock } from "../../loop/clock.ts";
import type { EventLoop } from "../../program/eventLoop.ts";
import type { Lane } from "../exploringCore.ts";
import type { Jobs } from "./jobs.ts";
import type { OutsideSource } from "./outsideSource.ts";

/** Stands in for the host during one run: provides awaits, external calls, timers and time. */
export interface RunStage {
  readonly loop: EventLoop;
  /** The clock for the loops that the program itself runs. */
  readonly clock: Clock;
  readonly immediates: Lane;
  /**
   * The timers whose number the program has asked for, by that number. The program may clear a
   * timer by its number.
   */
  readonly timers: Map<number, { close(): unknown }>;
  readonly isOver: boolean;
  /** The reasons of rejections that nothing handled. */
  readonly rejections: unknown[];
  /** The resources that the run uses and that complete only in real time, keyed by name. */
  readonly outside: Map<string, OutsideSource>;
  /** Cryptography and compression that the run has started. */
  readonly jobs: Jobs;
  /** Returns the virtual time of the run's loop. */
  now(): number;
  performanceNow(): number;
  dateNow(): number;
  /**
   * Notes that async code takes part in the run. The loop stops after its current step, and from
   * then on the driver runs it, one step per macrotask.
   */
  touch(): void;
  /** Calls `callback` when the host has run its microtasks. */
  post(callback: () => void): void;
  /** Returns the lane for timers with this delay. The entries of a lane keep their order. */
  laneOfDelay(delay: number): Lane;
  /**
   * Returns where the program called the host's function. In runs that are not recorded, returns
   * undefined.
   */
  placeOfCall(): string | undefined;
  /** Returns what an async function should await: `value`, or a promise that settles later. */
  await(value: unknown, place: string): unknown;
  /**
   * Returns a promise that settles as `result` does, at any time up to `max` milliseconds later. If
   * `max` is undefined, the conditions of the run set the limit.
   */
  external<T>(result: PromiseLike<T> | T, max: number | undefined): Promise<T>;
}
