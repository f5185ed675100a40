// The functions that a waiting task is in.

import type { AwaitLocation } from "../../lang/locations.ts";
import { awaitedAt, Call } from "./call.ts";
import { functionNameOf } from "./coroutine.ts";
import type { AnyGenerator } from "./generators.ts";

/** A function that a task is in. */
export interface TaskFrame {
  /** The function's name, as far as it is known. */
  readonly functionName: string;
  /** In debug mode: file, line and column of the `yield*` at which the function waits. */
  readonly location: string | undefined;
}

/**
 * Returns the frames from a task's `body` to its innermost call, which is the last one.
 *
 * @param waitsAt where the innermost call waits, if known.
 * @param limit how many frames to return, counted from the innermost.
 */
export function stackOf(
  body: AnyGenerator | Call,
  innermost: Call | undefined,
  waitsAt: AwaitLocation | undefined,
  limit: number,
): TaskFrame[] {
  const frames: TaskFrame[] = [];
  let location = waitsAt;
  for (let call = innermost; call !== undefined; call = call._caller) {
    frames.push(...framesOf(call._generator, location));
    location = awaitedAt.get(call);
  }
  if (!(body instanceof Call)) frames.push(...framesOf(body, location));
  return frames.slice(0, limit).reverse();
}

function framesOf(
  generator: AnyGenerator,
  location: AwaitLocation | undefined,
): readonly TaskFrame[] {
  if (location !== undefined) return location.frames;
  return [{ functionName: functionNameOf(generator) || "anonymous", location: undefined }];
}

export function formatStack(task: string, frames: readonly TaskFrame[]): string {
  const lines = frames.map(
    ({ functionName, location = "not recorded" }) => `    at ${functionName} (${location})`,
  );
  return [`Stack of ${task}, innermost last:`, ...lines].join("\n");
}
