import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Stream } from "node:stream";
import {
  checkBoolean,
  checkOptions,
  checkString,
  outOfRange,
  wrongType,
} from "../../lang/arguments.ts";
import { currentScheduler } from "../../loop/current.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { procedure } from "../../tasks/lazyCall.ts";
import { checkLimit } from "../streamReader.ts";
import { openMergedPipe } from "./mergedPipe.ts";
import { Process } from "./process.ts";
import { withoutUndefined } from "./withoutUndefined.ts";

/** Connects a pipe to `stdin`, `stdout` or `stderr` of the `Process`. Like `subprocess.PIPE`. */
export const PIPE = -1;
/** Redirects `stderr` to `stdout`. Like `subprocess.STDOUT`. */
export const STDOUT = -2;
/** An empty input, or an output that is discarded. Like `subprocess.DEVNULL`. */
export const DEVNULL = -3;

/**
 * A child's input or output: `PIPE`, `DEVNULL`, a file descriptor, or a Node stream that has one.
 */
export type Stdio = number | Stream;

/** How to run a program. */
export interface SubprocessOptions {
  /** Inherited by default, as are `stdout` and `stderr`. `stderr` may be `STDOUT`. */
  readonly stdin?: Stdio | null | undefined;
  readonly stdout?: Stdio | null | undefined;
  readonly stderr?: Stdio | null | undefined;
  /** The working directory. */
  readonly cwd?: string | URL | undefined;
  /** The environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The number of bytes that the readers buffer. Default: 65,536; see `StreamReader`. */
  readonly limit?: number | undefined;
  /**
   * Whether the child leads a new session, and so a process group, and outlives the loop. Like
   * Python's `start_new_session`.
   */
  readonly detached?: boolean | undefined;
  /** The numeric user and group to run as. Like Python's `user` and `group`. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** The name that is passed to the program as its own. Default: `program`. */
  readonly argv0?: string | undefined;
  /**
   * The shell, for `createSubprocessShell` only. Default: the system's. Like Python's `executable`.
   */
  readonly shell?: string | undefined;
  /** Whether to hide the child's window, on Windows. */
  readonly windowsHide?: boolean | undefined;
}

/** Options of a `Process` whose `communicate()` returns bytes. */
export interface BytesSubprocessOptions extends SubprocessOptions {
  readonly text?: false | undefined;
}

/** Options of a `Process` whose `communicate()` returns strings. */
export interface TextSubprocessOptions extends SubprocessOptions {
  /**
   * Decodes the output of `communicate()` as UTF-8; malformed bytes become U+FFFD, and a byte order
   * mark stays. The readers' methods, such as `stdout.readline()`, still return bytes. (In asyncio,
   * all output is bytes.)
   */
  readonly text: true;
}

type AnyOptions = BytesSubprocessOptions | TextSubprocessOptions;

/**
 * Runs a program. Like `asyncio.create_subprocess_exec`.
 *
 * Pass arguments as a list, or one by one as in asyncio. They don't go through a shell. As in
 * asyncio, closing the loop kills its subprocesses, unless they are `detached`.
 *
 * If the call is cancelled, nothing is started.
 *
 * @throws TypeError, RangeError for invalid arguments.
 * @throws Node's error, with a `code` such as `"ENOENT"` if the program or `cwd` doesn't exist, or
 * `"EACCES"` if the program can't be executed.
 * @example
 * const process = yield* createSubprocessExec("git", ["log", "-1"], { stdout: PIPE });
 * const [log] = yield* process.communicate();
 */
export function createSubprocessExec(
  program: string,
  args?: readonly string[] | undefined,
  options?: BytesSubprocessOptions | undefined,
): Coroutine<Process>;
export function createSubprocessExec(
  program: string,
  args: readonly string[] | undefined,
  options: TextSubprocessOptions,
): Coroutine<Process<string>>;
export function createSubprocessExec(
  program: string,
  ...argsAndOptions: readonly (string | BytesSubprocessOptions | undefined)[]
): Coroutine<Process>;
export function createSubprocessExec(
  program: string,
  ...argsAndOptions: readonly unknown[]
): Coroutine<Process<never>> {
  checkString("program", program);
  const { args, options } = splitArguments(argsAndOptions);
  for (const [index, arg] of args.entries()) checkString(`args[${index}]`, arg);
  return procedure(start(program, args as string[], checkSubprocess(options), false));
}

/** Splits what follows `program` into arguments, which may be a list or one by one, and options. */
function splitArguments(rest: readonly unknown[]): { args: unknown[]; options: unknown } {
  const args = [...rest];
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  const last = args.at(-1);
  const options = typeof last === "object" && !Array.isArray(last) ? args.pop() : {};
  if (args.length === 1 && args[0] === undefined) args.pop();
  return { args: args.flat(), options };
}

/**
 * Runs a command in the system's shell. Otherwise the same as `createSubprocessExec`. Like
 * `asyncio.create_subprocess_shell`. The shell interprets `command`, so never insert untrusted
 * text.
 *
 * @throws what `createSubprocessExec` throws. If the shell can't find a command, the shell exits
 * with code 127.
 */
export function createSubprocessShell(
  command: string,
  options?: BytesSubprocessOptions | undefined,
): Coroutine<Process>;
export function createSubprocessShell(
  command: string,
  options: TextSubprocessOptions,
): Coroutine<Process<string>>;
export function createSubprocessShell(
  command: string,
  options: AnyOptions = {},
): Coroutine<Process<never>> {
  checkString("command", command);
  const checked = checkSubprocess(options);
  return procedure(start(command, [], checked, checked.shell ?? true));
}

function* start(
  program: string,
  args: readonly string[],
  options: AnyOptions,
  shell: string | boolean,
): Coroutine<Process<never>> {
  const { stdin, stdout, stderr, text, ...passed } = options;
  const loop = currentScheduler("A subprocess");
  const isMerged = stderr === STDOUT && stdout === PIPE;
  const merged = isMerged ? yield* openMergedPipe() : undefined;
  try {
    const output = merged?.childEnd ?? nodeStdio(stdout, 1);
    const stdio = [nodeStdio(stdin, 0), output, stderr === STDOUT ? output : nodeStdio(stderr, 2)];
    const spawnOptions = { ...withoutUndefined(passed), stdio: stdio as StdioOptions, shell };
    const child = spawn(program, args, spawnOptions as SpawnOptions);
    if (child.pid === undefined) yield* throwSpawnError(child);
    return new Process(loop, child, merged?.parentEnd ?? (child.stdout as Socket | null), options);
  } catch (error) {
    merged?.parentEnd.destroy();
    throw error;
  } finally {
    merged?.childEnd.destroy();
  }
}

/** Waits for the error event of a failed start, and throws the error. */
function throwSpawnError(child: ChildProcess): Coroutine<never> {
  return fromPromise(new Promise<never>((_, reject) => child.on("error", reject)));
}

function nodeStdio(stdio: Stdio | null | undefined, inherited: number): unknown {
  if (stdio === PIPE) return "pipe";
  return stdio === DEVNULL ? "ignore" : (stdio ?? inherited);
}

function checkSubprocess(options: unknown): AnyOptions {
  checkOptions(options);
  const { stdin, stdout, stderr, limit, text } = options as AnyOptions;
  if (text !== undefined) checkBoolean("text", text);
  checkStdio("stdin", stdin, false);
  checkStdio("stdout", stdout, false);
  checkStdio("stderr", stderr, true);
  if (limit !== undefined) checkLimit(limit);
  return options as AnyOptions;
}

function checkStdio(name: string, value: unknown, mayBeStdout: boolean): void {
  if (value === undefined || typeof value === "object") return;
  const domain = `PIPE, DEVNULL, ${mayBeStdout ? "STDOUT, " : ""}a file descriptor or a stream`;
  if (typeof value !== "number") throw wrongType(name, domain, value);
  if (value === PIPE || value === DEVNULL || (value === STDOUT && mayBeStdout)) return;
  if (Number.isInteger(value) && value >= 0) return;
  throw outOfRange(name, domain, value);
}
