// The parts of a loop that only some programs need: for watching sources, for other threads, and
// for clocks that don't advance by themselves. Entry points other than the main one install such
// parts here, so that the main entry point doesn't ship them.

import { RuntimeError, type TaskWait } from "../lang/errors.ts";
import type { Clock } from "./clock.ts";
import type { Callback } from "./handle.ts";
import type { Resource, Scheduler } from "./scheduler.ts";

/** The sources that a loop watches. */
export interface Sources extends Resource {
  /** The loop's selector, which does the watching. */
  readonly selector: object;
  /**
   * Calls `callback(...args)` in each turn in which `source` is ready for `event`. Replaces an
   * earlier callback for the same source and event.
   */
  add(source: unknown, event: number, callback: Callback<never>, args: readonly unknown[]): void;
  /** Removes the callback for `source` and `event`. Returns whether there was one. */
  remove(source: unknown, event: number): boolean;
  /** Queues the callbacks of the sources that are ready. */
  poll(): void;
  /**
   * Calls `callback(...args)` whenever the process receives `signal`. Replaces an earlier callback
   * for the same signal.
   */
  addSignal?(signal: string, callback: Callback<never>, args: readonly unknown[]): void;
  /** Removes the callback for `signal`. Returns whether there was one. */
  removeSignal?(signal: string): boolean;
}

/**
 * Represents a loop in other threads, for `connectRemote`. Returned by `loop.remote()`. Can be sent
 * by any means.
 */
export interface RemoteTicket {
  readonly _exposed: string;
  readonly _thread: number | undefined;
  readonly _bell: Int32Array<SharedArrayBuffer> | undefined;
}

/** The functions that other threads may call, by name. */
export type ExposedFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The functions that a loop exposes, and its ticket. */
export interface RemotePort {
  readonly ticket: RemoteTicket;
  expose(functions: ExposedFunctions): void;
}

/** Events other than timers that can reach a loop while its thread is blocked. */
export interface BlockingInput {
  /** Delivers the events that have arrived. */
  takeIn(loop: Scheduler): void;
  /** Like `block` in hosts/blocking.ts, but an event ends the wait too. */
  block(loop: Scheduler, delay: number): boolean;
}

/** Which task waits for what, as data and as text. */
export interface WaitForGraph {
  readonly waits: readonly TaskWait[];
  /** A line for each wait, preceded by a line break. */
  readonly text: string;
}

export interface Platform {
  /** Creates the watched sources of a loop. */
  readonly sources?: (loop: Scheduler) => Sources;
  /** Returns the functions of a loop that other threads can call. */
  readonly remotePort?: (loop: Scheduler) => RemotePort;
  /** Returns a loop's access to executors, which executorPort.ts describes. */
  readonly executorPort?: (loop: Scheduler) => Resource;
  /** Events that can arrive while a thread is blocked. */
  readonly blockingInput?: BlockingInput;
  /** Computes which task of a loop waits for what. Installed by clocks that detect deadlocks. */
  readonly graph?: (loop: Scheduler) => WaitForGraph;
  /**
   * Whether all outside code that a loop awaits may itself be waiting for the loop. Installed by
   * clocks that don't advance by themselves.
   */
  readonly mayJump?: (loop: Scheduler) => boolean;
  /**
   * Returns the clock for the loop of a new runner; undefined for the default clock. Installed
   * while programs are explored.
   */
  readonly clock?: () => Clock | undefined;
}

/** The installed parts. */
export const platform: Platform = {};

/** Installs parts. Each replaces an earlier part of the same name. */
export function installPlatform(parts: Platform): void {
  Object.assign(platform, parts);
}

/** Returns the error for a part that is not installed. */
export function notIncluded(feature: string): RuntimeError {
  return new RuntimeError(
    `${feature} needs an import from \`mysyncio/node\` or \`mysyncio/browser\``,
  );
}
