import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Stream } from "node:stream";
import { checkOptions, checkString, describe, wrongType } from "../../loop/arguments.ts";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import { currentScheduler } from "../../tasks/future.ts";
import { checkLimit } from "../streamReader.ts";
import { given } from "./given.ts";
import { openMergedPipe } from "./mergedPipe.ts";
import { Process } from "./process.ts";

/** A pipe to this program: `stdin`, `stdout`, `stderr` of the `Process` are its other ends. Like `subprocess.PIPE`. */
export const PIPE = -1;
/** For `stderr`: the same as `stdout`. Like `subprocess.STDOUT`. */
export const STDOUT = -2;
/** Nothing: an input that is at its end, an output that nobody reads. Like `subprocess.DEVNULL`. */
export const DEVNULL = -3;

/** What a child reads from or writes to: `PIPE`, `DEVNULL`, a file descriptor, or a stream of Node's that has one. */
export type Stdio = number | Stream;

/** How a program is run. */
export interface SubprocessOptions {
  /** Each by default that of this program. `stderr` may be `STDOUT`. */
  readonly stdin?: Stdio | null | undefined;
  readonly stdout?: Stdio | null | undefined;
  readonly stderr?: Stdio | null | undefined;
  /** The folder to run in. */
  readonly cwd?: string | URL | undefined;
  /** The environment, by default that of this program. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How many bytes the readers hold until they want no more, by default 64 KiB; see `StreamReader`. */
  readonly limit?: number | undefined;
  /**
   * Whether to be the leader of a new session, and so of a process group, and to outlive the loop. Like Python's
   * `start_new_session`.
   */
  readonly detached?: boolean | undefined;
  /** As whom. Like Python's `user` and `group`. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** What the program gets as its own name, by default `program`. */
  readonly argv0?: string | undefined;
  /** Which shell, by default the system's: for `createSubprocessShell` only. Like Python's `executable`. */
  readonly shell?: string | undefined;
  /** Whether to open no window, on Windows. */
  readonly windowsHide?: boolean | undefined;
}

/**
 * Runs a program. Like `asyncio.create_subprocess_exec`.
 *
 * `args` is a list; they may also be given one by one, as asyncio takes them. No shell sees them. As with asyncio, what
 * still runs when its loop is closed is killed, except what is `detached`.
 *
 * A cancel runs nothing.
 *
 * @throws TypeError and RangeError for wrong arguments.
 * @throws Error of Node's with a `code`: `"ENOENT"` if there is no such program, or no `cwd`; `"EACCES"`, ...
 * @example
 * const process = yield* createSubprocessExec("git", ["log", "-1"], { stdout: PIPE });
 * const [log] = yield* process.communicate();
 */
export function createSubprocessExec(
  program: string,
  args?: readonly string[] | undefined,
  options?: SubprocessOptions | undefined,
): Coroutine<Process>;
export function createSubprocessExec(
  program: string,
  ...argsAndOptions: readonly (string | SubprocessOptions | undefined)[]
): Coroutine<Process>;
export function createSubprocessExec(
  program: string,
  ...argsAndOptions: readonly unknown[]
): Coroutine<Process> {
  checkString("program", program);
  const { args, options } = parted(argsAndOptions);
  for (const [index, arg] of args.entries()) checkString(`args[${index}]`, arg);
  return start(program, args as string[], checkSubprocess(options), false);
}

/** What came after the program: a list of arguments or each by itself, and options, all of which may be left out. */
function parted(rest: readonly unknown[]): { args: unknown[]; options: unknown } {
  const args = [...rest];
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  const last = args.at(-1);
  const options = typeof last === "object" && !Array.isArray(last) ? args.pop() : {};
  if (args.length === 1 && args[0] === undefined) args.pop();
  return { args: args.flat(), options };
}

/**
 * Runs a command by the system's shell. Like `asyncio.create_subprocess_shell`, and the same as `createSubprocessExec`
 * in all else. What goes into `command` is the shell's language: never put in what comes from outside.
 *
 * @throws as `createSubprocessExec`; a command that the shell does not find is the shell's own error, 127.
 */
export function createSubprocessShell(
  command: string,
  options: SubprocessOptions = {},
): Coroutine<Process> {
  checkString("command", command);
  const checked = checkSubprocess(options);
  return start(command, [], checked, checked.shell ?? true);
}

function* start(
  program: string,
  args: readonly string[],
  options: SubprocessOptions,
  shell: string | boolean,
): Coroutine<Process> {
  const { stdin, stdout, stderr, ...passed } = options;
  const loop = currentScheduler("A subprocess");
  const isMerged = stderr === STDOUT && stdout === PIPE;
  const merged = isMerged ? yield* openMergedPipe() : undefined;
  try {
    const output = merged?.theirs ?? nodeStdio(stdout, 1);
    const stdio = [nodeStdio(stdin, 0), output, stderr === STDOUT ? output : nodeStdio(stderr, 2)];
    const spawnOptions = { ...given(passed), stdio: stdio as StdioOptions, shell };
    const child = spawn(program, args, spawnOptions as SpawnOptions);
    if (child.pid === undefined) yield* failureOf(child);
    return new Process(loop, child, merged?.ours ?? (child.stdout as Socket | null), options);
  } catch (error) {
    merged?.ours.destroy();
    throw error;
  } finally {
    merged?.theirs.destroy();
  }
}

/** Throws why a program could not be started: Node has the error ready, but tells it later. */
function failureOf(child: ChildProcess): Coroutine<never> {
  return fromPromise(new Promise<never>((_, reject) => child.on("error", reject)));
}

function nodeStdio(stdio: Stdio | null | undefined, inherited: number): unknown {
  if (stdio === PIPE) return "pipe";
  return stdio === DEVNULL ? "ignore" : (stdio ?? inherited);
}

function checkSubprocess(options: unknown): SubprocessOptions {
  checkOptions(options);
  const { stdin, stdout, stderr, limit } = options as SubprocessOptions;
  checkStdio("stdin", stdin, false);
  checkStdio("stdout", stdout, false);
  checkStdio("stderr", stderr, true);
  if (limit !== undefined) checkLimit(limit);
  return options as SubprocessOptions;
}

function checkStdio(name: string, value: unknown, mayBeStdout: boolean): void {
  if (value === undefined || typeof value === "object") return;
  const domain = `PIPE, DEVNULL, ${mayBeStdout ? "STDOUT, " : ""}a file descriptor or a stream`;
  if (typeof value !== "number") throw wrongType(name, domain, value);
  if (value === PIPE || value === DEVNULL || (value === STDOUT && mayBeStdout)) return;
  if (Number.isInteger(value) && value >= 0) return;
  throw new RangeError(`Expected \`${name}\` to be ${domain}, got ${describe(value)}`);
}
