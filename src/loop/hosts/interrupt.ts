// Node, Bun and Deno: interrupts, such as Ctrl-C or a request of another process to terminate.
//
// An interrupt cancels the main task of each run. The program may catch the resulting error. If it
// does not, the process ends as shells expect: it prints nothing, and its exit code is 128 plus the
// number of the signal.

import { wrongType } from "../../lang/arguments.ts";
import { RuntimeError } from "../../lang/errors.ts";
import { setTimeout } from "./timers.ts";

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
  /** In a worker of Node, its property `disabled` is true. */
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
  /** The exit code for the signal that arrived. */
  code?: number;
}

/** The number of SIGINT, for platforms that don't list the numbers. */
const SIGINT = 2;

/** The default of the option `signals`. */
const DEFAULT: readonly string[] = ["SIGINT"];

/** The runs that no signal has interrupted yet. */
const waiting = /* @__PURE__ */ new Set<Run>();

/** The loops of interrupted runs, which may still be cleaning up. */
let interrupted: readonly Interruptible[] = [];

/** The errors with which interrupted runs ended, and the exit code for each. */
const codes = /* @__PURE__ */ new WeakMap<object, number>();

function platformProcess(): Process | undefined {
  // `unknown`, because Node's own type of `process` does not overlap with this one.
  const { process } = globalThis as unknown as { process?: Process };
  return process?.on && process;
}

/** Returns the numbers of the platform's signals by name; undefined if it doesn't list them. */
function numbers(): Record<string, number> | undefined {
  return platformProcess()?.getBuiltinModule?.("os").constants.signals;
}

/**
 * @throws TypeError unless `signal` is the name of a signal. On platforms without signals, every
 * string is accepted.
 */
export function checkSignalName(signal: unknown): asserts signal is string {
  const known = numbers();
  if (typeof signal === "string" && (!known || Object.hasOwn(known, signal))) return;
  throw wrongType("signal", 'the name of a signal, such as "SIGTERM"', signal);
}

/**
 * Like `checkSignalName`, but also throws a RuntimeError if the signal cannot be caught: SIGKILL,
 * SIGSTOP, and all signals in a worker.
 */
export function checkCatchable(signal: unknown): void {
  checkSignalName(signal);
  const where = platformProcess()?.abort?.disabled ? " in a worker" : "";
  if (where || /KILL|STOP/.test(signal)) {
    throw new RuntimeError(`${signal} cannot be caught${where}`);
  }
}

/**
 * Calls `cancel` when the first of `signals` arrives. After that, the run listens to none of them,
 * so a second signal ends the process.
 *
 * By default, `signals` is SIGINT alone, and the run leaves SIGINT to the program if the program
 * listens to it. Does nothing on platforms without signals. Returns a function that must be called
 * when the run has ended, with the run's error, if any.
 */
export function onInterrupt(
  loop: Interruptible,
  cancel: (message: string) => void,
  signals = DEFAULT,
): (error?: unknown) => void {
  const run: Run = { loop, cancel, signals };
  const process = platformProcess();
  waiting.add(run);
  try {
    for (const signal of signals) {
      const listeners = process?.listeners(signal) ?? [];
      if (listeners.length > 0 && (signals === DEFAULT || listeners.includes(interrupt))) continue;
      process?.on(signal, interrupt);
    }
  } catch {
    // On edge runtimes, the functions of `process` throw.
    waiting.delete(run);
    return () => undefined;
  }
  return (error) => {
    forget(run);
    if (error && run.code) codes.set(error, run.code);
  };
}

function interrupt(signal: string): void {
  const process = platformProcess() as Process;
  const isAlone = process.listenerCount(signal) === 1;
  for (const run of [...waiting]) {
    const { loop, cancel, signals } = run;
    // The program may have added its own listener in the meantime.
    if (!signals.includes(signal) || (signals === DEFAULT && !isAlone)) continue;
    forget(run);
    run.code = 128 + (numbers()?.[signal] ?? SIGINT);
    interrupted = [...interrupted.filter(isRunning), loop];
    cancel(`Interrupted by ${signal}`);
  }
  // A monitor, because with a listener to "uncaughtException" every error would count as caught.
  process.off(MONITOR, onUncaught).on(MONITOR, onUncaught);
}

function forget(run: Run): void {
  waiting.delete(run);
  const others = [...waiting].flatMap(({ signals }) => signals);
  for (const signal of run.signals) {
    if (!others.includes(signal)) platformProcess()?.off(signal, interrupt);
  }
}

const MONITOR = "uncaughtExceptionMonitor";

function onUncaught(error: object): void {
  const process = platformProcess() as Process;
  const code = codes.get(error);
  if (
    code === undefined ||
    process.listenerCount("uncaughtException") > 0 ||
    process.hasUncaughtExceptionCaptureCallback?.()
  ) {
    return;
  }
  // Mark the error as caught, because the process may have to continue for a moment.
  process.once("uncaughtException", () => undefined);
  exit(code);
}

/** Ends the process once other runs have cleaned up and all output is written. */
function exit(code: number): void {
  const process = platformProcess() as Process;
  const outputs = [process.stdout, process.stderr];
  const isWriting = outputs.some((output) => output?.writableLength && !output.destroyed);
  if (isWriting || interrupted.some(isRunning)) setTimeout(exit, 5, code);
  else process.exit(code);
}

function isRunning(loop: Interruptible): boolean {
  return loop.isRunning();
}
