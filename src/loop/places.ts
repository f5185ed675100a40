// Where coroutines wait, for whoever debugs them: recorded only while some loop is in
// debug mode, since the engine tells it by nothing but the stack of an error.

/** A place in the source. */
export interface Place {
  /** The function's name; empty if it has none. */
  readonly functionName: string;
  /** File, line and column, as the engine writes them. */
  readonly location: string;
}

/** Where a wait began. */
export interface WaitingPlace extends Place {
  /** The nearest caller outside of our folder: the wait may be inside of a lock or a queue. */
  readonly origin: Place;
  /** The functions that wait, the innermost first, out to the next call of a decorated one. */
  readonly frames: readonly Place[];
}

/** How many callers are looked at. */
const MOST_CALLERS = 12;
/** What resumes a coroutine: beyond it nothing waits, or what waits is linked by calls. */
const RESUMES = /^_?((Bounded)?Call$|Task\b|resume)/;

export const places = {
  /** How many loops are in debug mode. */
  watchers: 0,
  /** Where the last wait began. */
  last: undefined as WaitingPlace | undefined,
};

type Engine = typeof Error & {
  captureStackTrace?(holder: object, above: unknown): void;
  stackTraceLimit?: number;
};

/** Where `callee`, a function that runs now, was called. Undefined where the engine does not tell. */
export function placeOfCall(callee: unknown): WaitingPlace | undefined {
  const frames = callersOf(callee)
    .map(parse)
    .filter((frame) => frame !== undefined);
  const [place] = frames;
  if (place === undefined) return undefined;
  // As a package all files are in one folder; as source they are in folders beside this one's.
  const own = folderOf(parse(ownFrame()))?.replace(/loop.$/, "");
  // In a user's bundle all is in one.
  const origin = frames.find((frame) => !frame.location.startsWith(own as string)) ?? place;
  const end = frames.findIndex(({ functionName }) => RESUMES.test(functionName));
  return { ...place, origin, frames: end < 0 ? frames : frames.slice(0, end) };
}

function callersOf(callee: unknown): string[] {
  const engine: Engine = Error;
  // Other engines list every frame: this function, placeOfCall, the callee, its caller.
  if (engine.captureStackTrace === undefined) return lines(new Error("place")).slice(3);
  const holder: { stack?: string } = {};
  const limit = engine.stackTraceLimit;
  // Where a program has frozen it there are as many as there are.
  const isSet = Reflect.set(engine, "stackTraceLimit", MOST_CALLERS);
  try {
    engine.captureStackTrace(holder, callee);
    return lines(holder);
  } finally {
    if (isSet) engine.stackTraceLimit = limit as number;
  }
}

/** The frame of this function. */
function ownFrame(): string | undefined {
  return lines(new Error("place")).find((line) => line.includes("ownFrame"));
}

function lines({ stack }: { stack?: unknown }): string[] {
  // A program may have the engine make something else of it.
  return typeof stack === "string" ? stack.split("\n") : [];
}

function folderOf(place: Place | undefined): string | undefined {
  return place?.location.replace(/[^/\\]*$/, "");
}

/** Reads `    at name (file:1:2)`, `    at file:1:2` and `name@file:1:2`. */
function parse(line: string | undefined): Place | undefined {
  const found =
    /^\s*at (?:(?<name>.*) \()?(?<location>.*?)\)?$/.exec(line ?? "") ??
    /^(?<name>[^@]*)@(?<location>.*)$/.exec(line ?? "");
  const { name = "", location = "" } = found?.groups ?? {};
  return location === "" || !location.includes(":")
    ? undefined
    : { functionName: name.replace(/\.next$/, ""), location };
}
