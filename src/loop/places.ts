// Where coroutines wait, for whoever debugs them: recorded only while some loop is in
// debug mode, since the engine tells it by nothing but the stack of an error.

/** A place in the source. */
export interface Place {
  /** The function's name; empty if it has none. */
  readonly functionName: string;
  /** File, line and column, as the engine writes them. */
  readonly location: string;
}

export const places = {
  /** How many loops are in debug mode. */
  watchers: 0,
  /** Where the last wait began. */
  last: undefined as Place | undefined,
};

type Engine = typeof Error & {
  captureStackTrace?(holder: object, above: unknown): void;
  stackTraceLimit?: number;
};

/** Where `callee`, a function that runs now, was called. Undefined where the engine does not tell. */
export function placeOfCall(callee: unknown): Place | undefined {
  const engine: Engine = Error;
  const holder: { stack?: string } = {};
  if (engine.captureStackTrace === undefined) {
    // Other engines list every frame: this function, the callee, its caller.
    return parse(new Error("place").stack?.split("\n")[2]);
  }
  const limit = engine.stackTraceLimit;
  engine.stackTraceLimit = 1;
  engine.captureStackTrace(holder, callee);
  const { stack } = holder;
  engine.stackTraceLimit = limit as number;
  return parse(stack?.split("\n")[1]);
}

/** Reads `    at name (file:1:2)`, `    at file:1:2` and `name@file:1:2`. */
function parse(line: string | undefined): Place | undefined {
  const found =
    /^\s*at (?:(?<name>.*) \()?(?<location>.*?)\)?$/.exec(line ?? "") ??
    /^(?<name>[^@]*)@(?<location>.*)$/.exec(line ?? "");
  const { name = "", location = "" } = found?.groups ?? {};
  return location === "" ? undefined : { functionName: name.replace(/\.next$/, ""), location };
}
