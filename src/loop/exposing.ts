// How a loop lets other threads call functions on it. The entries of the platforms bring the code
// along, so that who has one thread does not ship it.

import { RuntimeError } from "./errors.ts";
import type { Scheduler } from "./scheduler.ts";

/** Stands for a loop in other threads: made by `loop.remote()`, for `connectRemote`. May be sent to them by any means. */
export interface RemoteTicket {
  /** @internal */
  readonly _exposed: string;
  /** @internal */
  readonly _thread: number | undefined;
  /** @internal */
  readonly _bell: Int32Array<SharedArrayBuffer> | undefined;
}

/** The functions that others may call, by name. */
export type ExposedFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** What a loop exposes. */
export interface Exposing {
  readonly ticket: RemoteTicket;
  expose(functions: ExposedFunctions): void;
}

let exposingOf: ((loop: Scheduler) => Exposing) | undefined;

/** Says how loops expose functions. */
export function provideExposing(provided: (loop: Scheduler) => Exposing): void {
  exposingOf = provided;
}

/** What `loop` exposes. @throws RuntimeError if nothing can */
export function exposing(loop: Scheduler): Exposing {
  if (exposingOf !== undefined) return exposingOf(loop);
  throw notIncluded("What talks to other threads");
}

/** The error for what the entries of the platforms bring along. */
export function notIncluded(what: string): RuntimeError {
  return new RuntimeError(
    `${what} is not in \`mysyncio\`. Import it from \`mysyncio/node\` or \`mysyncio/browser\``,
  );
}
