// Node, Bun and Deno: the user presses Ctrl-C, or another process asks this one to end.
//
// An interrupt cancels the main task of each run. The error that comes out is the program's to
// catch. If the program does not catch it, the process ends as a shell expects of one that was
// interrupted: nothing is printed, and the exit code is 128 plus the number of the signal.

import { wrongType } from "../arguments.ts";
import { RuntimeError } from "../errors.ts";

interface Process {
  on(event: string, listener: (value: never) => void): Process;
  once(event: string, listener: () => void): Process;
  off(event: string, listener: (value: never) => void): Process;
  listeners(event: string): unknown[];
  listenerCount(event: string): number;
  hasUncaughtExceptionCaptureCallback?(): boolean;
  readonly stdout?: Output;
  readonly stderr?: Output;
  exit(code: number): void;
  getBuiltinModule?(name: "os"): { constants: { signals: Record<string, number> } };
  /** In a worker of Node it cannot be called, and has this mark. */
  readonly abort?: { readonly disabled?: boolean };
}

interface Output {
  readonly writableLength: number;
  readonly destroyed: boolean;
}

interface Interruptible {
  isRunning(): boolean;
}

/** A run that a signal can interrupt. */
interface Run {
  readonly loop: Interruptible;
  readonly cancel: (message: string) => void;
  readonly signals: readonly string[];
  /** The exit code of the signal that came. */
  code?: number;
}

/** The number of that signal, where a platform does not tell the numbers. */
const SIGINT = 2;

/** The signals of a program that names none. */
const DEFAULT: readonly string[] = ["SIGINT"];

/** The runs that no signal has interrupted. */
const waiting = /* @__PURE__ */ new Set<Run>();

/** The loops of runs that were interrupted and may still be cleaning up. */
let interrupted: readonly Interruptible[] = [];

/** What interrupted runs ended with, and the exit code that it stands for. */
const codes = /* @__PURE__ */ new WeakMap<object, number>();

function host(): Process | undefined {
  const { process } = globalThis as unknown as { process?: Process };
  return process?.on && process;
}

/** The numbers of the signals that there are, by their names. */
function numbers(): Record<string, number> | undefined {
  return host()?.getBuiltinModule?.("os").constants.signals;
}

/** `TypeError` unless there is such a signal. Where there are no signals, any name will do. */
export function checkSignal(signal: unknown): asserts signal is string {
  const known = numbers();
  if (typeof signal === "string" && (!known || Object.hasOwn(known, signal))) return;
  throw wrongType("signal", 'the name of a signal, such as "SIGTERM"', signal);
}

/** The same, and `RuntimeError` if no listener can catch it: SIGKILL and SIGSTOP, and all signals in a worker. */
export function checkCatchable(signal: unknown): void {
  checkSignal(signal);
  const where = host()?.abort?.disabled ? " in a worker" : "";
  if (where || /KILL|STOP/.test(signal)) {
    throw new RuntimeError(`${signal} cannot be caught${where}`);
  }
}

/**
 * Calls `cancel` at the next of `signals`. Nobody listens to the one after that, which therefore ends the process.
 *
 * Without `signals`, does so at the next SIGINT, unless the program listens to it itself. Does nothing where there are no
 * signals. Returns a function to call with what `cancel` led to, and when the run has ended.
 */
export function onInterrupt(
  loop: Interruptible,
  cancel: (message: string) => void,
  signals = DEFAULT,
): (error?: unknown) => void {
  const run: Run = { loop, cancel, signals };
  const process = host();
  waiting.add(run);
  try {
    for (const signal of signals) {
      const listeners = process?.listeners(signal) ?? [];
      if (listeners.length > 0 && (signals === DEFAULT || listeners.includes(interrupt))) continue;
      process?.on(signal, interrupt);
    }
  } catch {
    // Edge runtimes have a `process` whose functions throw.
    waiting.delete(run);
    return () => undefined;
  }
  return (error) => {
    forget(run);
    if (error && run.code) codes.set(error, run.code);
  };
}

function interrupt(signal: string): void {
  const process = host() as Process;
  const isAlone = process.listenerCount(signal) === 1;
  for (const run of [...waiting]) {
    const { loop, cancel, signals } = run;
    // The program may have begun to listen itself meanwhile.
    if (!signals.includes(signal) || (signals === DEFAULT && !isAlone)) continue;
    forget(run);
    run.code = 128 + (numbers()?.[signal] ?? SIGINT);
    interrupted = [...interrupted.filter(isRunning), loop];
    cancel(`Interrupted by ${signal}`);
  }
  // It only watches: with a listener to "uncaughtException" every error would count as caught.
  process.off(MONITOR, onUncaught).on(MONITOR, onUncaught);
}

function forget(run: Run): void {
  waiting.delete(run);
  const others = [...waiting].flatMap(({ signals }) => signals);
  for (const signal of run.signals) {
    if (!others.includes(signal)) host()?.off(signal, interrupt);
  }
}

const MONITOR = "uncaughtExceptionMonitor";

function onUncaught(error: object): void {
  const process = host() as Process;
  const code = codes.get(error);
  if (
    code === undefined ||
    process.listenerCount("uncaughtException") > 0 ||
    process.hasUncaughtExceptionCaptureCallback?.()
  ) {
    return;
  }
  // For the case that the process goes on for now: the error counts as caught.
  process.once("uncaughtException", () => undefined);
  exit(code);
}

/** Ends the process once other runs have cleaned up, and what was printed is written. */
function exit(code: number): void {
  const process = host() as Process;
  const outputs = [process.stdout, process.stderr];
  const isWriting = outputs.some((output) => output?.writableLength && !output.destroyed);
  if (isWriting || interrupted.some(isRunning)) setTimeout(exit, 5, code);
  else process.exit(code);
}

function isRunning(loop: Interruptible): boolean {
  return loop.isRunning();
}
