import { locationOfCall } from "../../lang/locations.ts";

/**
 * Returns where the program called `callee`, which must be on the stack. Returns undefined if the
 * engine doesn't record that, or if the platform called `callee`.
 */
export function placeOfCaller(callee: unknown): string | undefined {
  const found = locationOfCall(callee);
  if (found === undefined) return undefined;
  const { origin, frames } = found;
  const first = frames.findIndex(({ location }) => location === origin.location);
  // Node's own functions are listed before those of the program.
  const callers = first < 0 ? [origin] : frames.slice(first);
  const caller = callers.find((frame) => !frame.location.startsWith("node:"));
  if (caller === undefined) return undefined;
  const location = caller.location.replace(/^async /, "");
  return `${caller.functionName || "<anonymous>"} (${location})`;
}

/**
 * Returns whether a function in `file` is on the stack, among the direct and indirect callers of
 * `callee`.
 */
export function isCalledIn(file: string, callee: unknown): boolean {
  const frames = locationOfCall(callee)?.frames ?? [];
  return frames.some(({ location }) => location.startsWith(file));
}
