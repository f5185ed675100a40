import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { wrongType } from "../../loop/arguments.ts";
import { isBytes } from "../../loop/brands.ts";
import { RuntimeError } from "../../loop/errors.ts";
import type { Resource, Scheduler } from "../../loop/scheduler.ts";
import { createTask } from "../../tasks/awaitable.ts";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { gather } from "../../tasks/gather.ts";
import type { Task } from "../../tasks/task.ts";
import type { StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { Waiters } from "../waiters.ts";
import { Wire } from "./wire.ts";

/** What writes to a child throw that has closed its input, or is gone. */
const LOST: readonly unknown[] = ["EPIPE", "ECONNRESET"];

/** What a process has to know of how it was started. */
interface ProcessOptions {
  readonly limit?: number | undefined;
  readonly detached?: boolean | undefined;
}

/** What was read from a process; undefined for what is not a `PIPE`. */
export type Outputs = [stdout: Uint8Array | undefined, stderr: Uint8Array | undefined];

/** A program that runs. Made by `createSubprocessExec` or `createSubprocessShell`. Like `asyncio.subprocess.Process`. */
export class Process {
  readonly pid: number;
  /** Writes to its input; undefined unless that is a `PIPE`. */
  readonly stdin: StreamWriter | undefined;
  /** Reads its output; undefined unless that is a `PIPE`. */
  readonly stdout: StreamReader | undefined;
  /** Reads its error output; undefined unless that is a `PIPE`. */
  readonly stderr: StreamReader | undefined;
  readonly #child: ChildProcess;
  readonly #exited = new Waiters();
  /** Ends it with its loop. */
  readonly #resource: Resource = { close: () => this.#child.kill("SIGKILL") };
  #returncode: number | undefined;
  /** Why the last signal could not be sent. */
  #signalError: unknown;

  /** @internal */
  constructor(
    loop: Scheduler,
    child: ChildProcess,
    stdout: Socket | null,
    options: ProcessOptions,
  ) {
    const { limit, detached } = options;
    const stdin = child.stdin as Socket | null;
    const stderr = child.stderr as Socket | null;
    this.#child = child;
    this.pid = child.pid as number;
    this.stdin = stdin === null ? undefined : new Wire(loop, stdin).openWriter();
    this.stdout = stdout === null ? undefined : new Wire(loop, stdout).openReader(limit);
    this.stderr = stderr === null ? undefined : new Wire(loop, stderr).openReader(limit);
    child.on("error", (error) => {
      this.#signalError = error;
    });
    child.on("exit", (code, signal) => {
      this.#returncode = code ?? -constants.signals[signal as NodeJS.Signals];
      loop._resources.delete(this.#resource);
      this.#exited.wake();
    });
    if (detached !== true) loop._resources.add(this.#resource);
    // When it has exited, Node would have what is listed here flow, though its reader has paused it.
    (child.stdio as unknown[]).length = 0;
    // It is the loop that keeps this process alive, and only while it runs.
    child.unref();
  }

  /** What it exited with, or minus the number of the signal that killed it; undefined while it runs. */
  get returncode(): number | undefined {
    return this.#returncode;
  }

  /**
   * Waits until it has exited, and gives its `returncode`. A cancel leaves it alone.
   *
   * One that writes more than the readers and the system hold waits for somebody to read it: use `communicate()`.
   */
  *wait(): Coroutine<number> {
    if (this.#returncode === undefined) yield* this.#exited.wait("wait()");
    return this.#returncode as number;
  }

  /**
   * Writes `input` to its input, in the call, and closes that; reads its outputs to their ends, and waits until it has
   * exited. Gives what was read, each undefined unless it is a `PIPE`. All of it is kept in memory. That the process is
   * gone before it has read all of `input` is no error.
   *
   * A cancel leaves the process alone, and loses nothing: what was read can be read again, and what was written goes on
   * to be sent, so call it again without the input. (Unlike asyncio, which drops what it has read.)
   *
   * @throws RuntimeError if there is `input` but `stdin` is not a `PIPE`, or while somebody else reads.
   */
  communicate(input?: string | Uint8Array): Coroutine<Outputs> {
    if (input !== undefined) {
      if (typeof input !== "string" && !isBytes(input)) {
        throw wrongType("input", "a string or a Uint8Array", input);
      }
      if (this.stdin === undefined) {
        throw new RuntimeError("The process has no pipe for `input`. Start it with `stdin: PIPE`");
      }
      this.stdin.write(input);
    }
    return this.#communicate();
  }

  /**
   * Sends it a signal, by Node's name or by number.
   *
   * @throws Error with the `code` `"ESRCH"` if it has exited, or `"EPERM"`.
   * @throws TypeError of Node's if there is no such signal.
   */
  sendSignal(signal: NodeJS.Signals | number): void {
    this.#signalError = undefined;
    if (this.#returncode === undefined && this.#child.kill(signal)) return;
    throw this.#signalError ?? hasExited();
  }

  /** Asks it to end: `SIGTERM`. @throws as `sendSignal` */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /** Ends it: `SIGKILL`. @throws as `sendSignal` */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  *#communicate(): Coroutine<Outputs> {
    const { stdin, stdout, stderr } = this;
    const reads = [stdout, stderr].map((reader) => reader && createTask(reader.read()));
    const tasks: Task<unknown>[] = reads.filter((task) => task !== undefined);
    if (stdin !== undefined) tasks.push(createTask(finish(stdin)));
    try {
      yield* gather(tasks);
      yield* this.wait();
      return [reads[0]?.result(), reads[1]?.result()];
    } catch (error) {
      for (const task of tasks) task.cancel();
      giveBack(stdout, reads[0]);
      giveBack(stderr, reads[1]);
      throw error;
    }
  }
}

/** Closes the input once it is written. */
function* finish(stdin: StreamWriter): Coroutine<void> {
  try {
    yield* stdin.drain();
  } catch (error) {
    if (!LOST.includes((error as NodeJS.ErrnoException).code)) throw error;
  }
  stdin.close();
}

/** Puts back what was read: it was all there is, so nothing is behind it. */
function giveBack(reader: StreamReader | undefined, read: Task<Uint8Array> | undefined): void {
  if (read?.done() && !read._hasFailed()) reader?._feedData(read.result());
}

/** As Node's own for a process that is not there. */
function hasExited(): Error {
  return Object.assign(new Error("kill ESRCH"), {
    errno: -constants.errno.ESRCH,
    code: "ESRCH",
    syscall: "kill",
  });
}
