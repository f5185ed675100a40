// Where coroutines wait, for debugging. Recorded only while some loop is in debug mode, because a
// location can only be read from the stack of an error, which is slow.

/** A position in source code. */
interface SourceLocation {
  /** The function's name; empty if it has none. */
  readonly functionName: string;
  /** File, line and column, as the engine writes them. */
  readonly location: string;
}

/** Where a wait began. */
export interface AwaitLocation extends SourceLocation {
  /**
   * The nearest caller outside this package. The wait itself may be inside one of this package's
   * functions, such as a method of a lock or a queue.
   */
  readonly origin: SourceLocation;
  /** The waiting functions, innermost first, up to the next call of a decorated function. */
  readonly frames: readonly SourceLocation[];
}

/** The number of stack frames to read. */
const MAX_CALLERS = 12;
/**
 * Matches the names of this package's functions that resume coroutines. A list of waiting functions
 * ends before the first of these. The functions further out aren't waiting, or are found through
 * the chain of calls.
 */
const RESUMES = /^_?((Bounded)?Call$|Task\b|resume)/;

export const locations = {
  /** How many loops are in debug mode. */
  watchers: 0,
  /** Where the last wait began. */
  last: undefined as AwaitLocation | undefined,
};

type Engine = typeof Error & {
  captureStackTrace?(holder: object, above: unknown): void;
  stackTraceLimit?: number;
};

/**
 * Returns where `callee`, which must be on the stack, was called, or undefined if the engine
 * doesn't record that.
 */
export function locationOfCall(callee: unknown): AwaitLocation | undefined {
  const frames = callersOf(callee)
    .map(parseFrame)
    .filter((frame) => frame !== undefined);
  const [nearest] = frames;
  if (nearest === undefined) return undefined;
  const own = ownFolder() as string;
  // In a user's bundle, everything is in one folder.
  const origin = frames.find((frame) => !frame.location.startsWith(own)) ?? nearest;
  const end = frames.findIndex(
    (frame) => RESUMES.test(frame.functionName) && frame.location.startsWith(own),
  );
  return { ...nearest, origin, frames: end < 0 ? frames : frames.slice(0, end) };
}

function callersOf(callee: unknown): string[] {
  const engine: Engine = Error;
  // Engines without captureStackTrace list every frame: this function, locationOfCall, the callee,
  // its caller.
  if (engine.captureStackTrace === undefined) return lines(new Error("name")).slice(3);
  const holder: { stack?: string } = {};
  const limit = engine.stackTraceLimit;
  // Fails if the program has frozen `Error`. Then the limit stays as it was.
  const isSet = Reflect.set(engine, "stackTraceLimit", MAX_CALLERS);
  try {
    engine.captureStackTrace(holder, callee);
    return lines(holder);
  } finally {
    if (isSet) engine.stackTraceLimit = limit as number;
  }
}

/** Returns the stack frame of this function, which contains the folder of this package. */
function ownFrame(): string | undefined {
  return lines(new Error("name")).find((line) => line.includes("ownFrame"));
}

function lines({ stack }: { stack?: unknown }): string[] {
  // A program may have customized stacks.
  return typeof stack === "string" ? stack.split("\n") : [];
}

/** Returns the folder of this package, if stacks contain it. */
export function ownFolder(): string | undefined {
  // In the published package, all files are in one folder. In the source, they are in folders next
  // to this one.
  return folderOf(parseFrame(ownFrame()))?.replace(/lang.$/, "");
}

function folderOf(frame: SourceLocation | undefined): string | undefined {
  return frame?.location.replace(/[^/\\]*$/, "");
}

/**
 * Parses `    at name (file:1:2)`, `    at file:1:2` and `name@file:1:2`. Returns undefined for
 * anything else.
 */
export function parseFrame(line: string | undefined): SourceLocation | undefined {
  const found =
    /^\s*at (?:(?<name>.*) \()?(?<location>.*?)\)?$/.exec(line ?? "") ??
    /^(?<name>[^@]*)@(?<location>.*)$/.exec(line ?? "");
  const { name = "", location = "" } = found?.groups ?? {};
  return location === "" || !location.includes(":")
    ? undefined
    : { functionName: name.replace(/\.next$/, ""), location };
}
