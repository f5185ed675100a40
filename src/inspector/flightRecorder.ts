// A trace that is cheap enough to leave on. The latest events of the trace go to a function of the
// program when a warning is raised, and when the process receives a signal.

import { monotonicClock } from "../loop/clock.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { LoopWarning } from "../program/loopHooks.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { mergeableEvents } from "./mergeableEvents.ts";
import type { TraceEvent } from "./traceEvent.ts";
import { TraceRing } from "./traceRing.ts";

/** Why a flight recorder dumps its events: a warning, or the name of a signal. */
export type FlightCause = LoopWarning | string;

/** Receives the latest events of a flight recorder. */
export type FlightDump = (events: TraceEvent[], cause: FlightCause) => unknown;

/**
 * For this many milliseconds after a warning has caused a dump, warnings of the same kind cause
 * none.
 */
const PAUSE = 60_000;

/** The methods of an event loop for signals. */
interface Signalled {
  addSignalHandler(signal: string, callback: () => void): void;
  removeSignalHandler(signal: string): boolean;
}

/** Casts a loop to a type with its signal methods, which `Scheduler` leaves out. */
function signalsOf(loop: Scheduler): Signalled {
  return loop as unknown as Signalled;
}

export class FlightRecorder extends TraceRing {
  readonly #loop: Scheduler;
  readonly #dump: FlightDump;
  readonly #signal: string | undefined;
  readonly #dumpedAt = new Map<string, number>();
  readonly #removeHooks: () => void;

  constructor(loop: Scheduler, limit: number, dump: FlightDump, signal: string | undefined) {
    super(loop, limit);
    this.#loop = loop;
    this.#dump = dump;
    this.#signal = signal;
    this.#removeHooks = instrument(loop, {
      warns: (warning) => this.#onWarning(warning as LoopWarning),
    } as HookSet);
    if (signal === undefined) return;
    try {
      signalsOf(loop).addSignalHandler(signal, () => this.#handOver(signal));
    } catch (error) {
      // The signal is unknown, or this platform has no signals.
      super.stop();
      this.#removeHooks();
      throw error;
    }
  }

  override stop(): void {
    if (!this.isRecording) return;
    super.stop();
    this.#removeHooks();
    if (this.#signal === undefined) return;
    signalsOf(this.#loop).removeSignalHandler(this.#signal);
  }

  #onWarning(warning: LoopWarning): void {
    const now = monotonicClock.now();
    if (now - (this.#dumpedAt.get(warning.id) ?? -Infinity) < PAUSE) return;
    this.#dumpedAt.set(warning.id, now);
    this.#handOver(warning);
  }

  #handOver(cause: FlightCause): void {
    // The recorder stays on after an error, because a later dump may succeed.
    const report = (exception: unknown) => {
      const message = "The `dump` of a flight recorder threw";
      this.#loop.callExceptionHandler({ message, exception });
    };
    try {
      const result = this.#dump(mergeableEvents(this), cause);
      if (isThenable(result)) Promise.resolve(result).catch(report);
    } catch (exception) {
      report(exception);
    }
  }
}
