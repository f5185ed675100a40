import { checkBoolean, checkOptions } from "../lang/arguments.ts";
import { isError } from "../lang/brands.ts";
import { ownFolder, parseFrame } from "../lang/locations.ts";
import { readThrown, toText } from "../lang/thrown.ts";

/** Options of `formatException`. */
export interface FormatOptions {
  /** Whether to include frames of this package and of the platform. By default false. */
  readonly libraryFrames?: boolean | undefined;
}

/** What debug mode appends to the stack of an error. */
const AWAITED = /^ {4}awaited in task "/;

const OF_V8 = /^\s+at .*:\d/;
const OF_OTHERS = /^[^@]*@.*:\d/;

/** The maximum depth. Limited because a cause may lead back to its error. */
const MAX_DEPTH = 40;

/**
 * Returns an error as text, for a log or an exception handler: its stack, its causes, and all
 * errors of a group, each with its own stack, to a depth of 40. Like Python's
 * `traceback.format_exception`.
 *
 * In debug mode, the stacks also name the tasks that awaited the failed one, and where.
 *
 * Omits frames of this package and of the platform, because they are the same in every stack. If an
 * error has only such frames and is not a group, keeps them.
 *
 * @param exception any thrown value.
 * @throws TypeError for invalid options.
 * @example
 * loop.setExceptionHandler((_, { message, exception }) => {
 *   console.error(message, formatException(exception));
 * });
 */
export function formatException(exception: unknown, options: FormatOptions = {}): string {
  checkOptions(options);
  const { libraryFrames = false } = options;
  checkBoolean("libraryFrames", libraryFrames);
  const own = libraryFrames ? undefined : ownFolder();
  return linesOf(exception, own, MAX_DEPTH).join("\n");
}

function linesOf(exception: unknown, own: string | undefined, depth: number): string[] {
  if (depth === 0) return ["..."];
  if (!isError(exception)) return toText(exception).split("\n");
  const [name, message] = [
    toText(readThrown(exception, "name")),
    toText(readThrown(exception, "message")),
  ];
  const cause = readThrown(exception, "cause");
  const errors = listOf(readThrown(exception, "errors"));
  const frames = framesOf(name, message, readThrown(exception, "stack"));
  const ofUser = frames.filter((line) => own === undefined || !isOfLibrary(line, own));
  const hasUser = ofUser.some((line) => !AWAITED.test(line));
  const shown = hasUser || errors ? ofUser : frames;
  const lines = [...headOf(name, message), ...shown.map((line) => `    ${line.trim()}`)];
  if (cause !== undefined) {
    const [first, ...rest] = linesOf(cause, own, depth - 1);
    lines.push(`caused by ${first}`, ...rest);
  }
  errors?.forEach((error, index) => {
    const isLast = index === errors.length - 1;
    const [first, ...rest] = linesOf(error, own, depth - 1);
    lines.push((isLast ? "└── " : "├── ") + first);
    lines.push(...rest.map((line) => (isLast ? "    " : "│   ") + line));
  });
  return lines;
}

function listOf(errors: unknown): readonly unknown[] | undefined {
  try {
    return Array.isArray(errors) ? [...errors] : undefined;
  } catch {
    return undefined; // a revoked proxy
  }
}

function headOf(name: string, message: string): string[] {
  return `${name}${message === "" ? "" : `: ${message}`}`.split("\n");
}

function framesOf(name: string, message: string, stack: unknown): string[] {
  if (typeof stack !== "string") return [];
  // Only V8's stacks begin with the error's name and message. A message may look like a frame: "to
  // me@host:80".
  const header = `${name}: ${message}`;
  const lines = (stack.startsWith(header) ? stack.slice(header.length) : stack).split("\n");
  const isFrame = lines.some((line) => OF_V8.test(line)) ? OF_V8 : OF_OTHERS;
  return lines.filter((line) => isFrame.test(line) || AWAITED.test(line));
}

function isOfLibrary(line: string, own: string): boolean {
  if (AWAITED.test(line)) return false;
  const location = parseFrame(line)?.location;
  return location === undefined || location.startsWith(own) || location.startsWith("node:");
}
