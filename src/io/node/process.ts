import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { wrongType } from "../../lang/arguments.ts";
import { isBytes } from "../../lang/brands.ts";
import { RuntimeError } from "../../lang/errors.ts";
import type { Resource, Scheduler } from "../../loop/scheduler.ts";
import { createTask } from "../../tasks/createTask.ts";
import { gather } from "../../tasks/gather.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import type { Task } from "../../tasks/kernel/task.ts";
import { procedure } from "../../tasks/lazyCall.ts";
import type { StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { Waiters } from "../waiters.ts";
import { NodeTransport } from "./nodeTransport.ts";

/** The codes of write errors if a child has closed its input or exited. */
const PEER_GONE: readonly unknown[] = ["EPIPE", "ECONNRESET"];

/** The options that matter after the start. */
interface ProcessOptions {
  readonly limit?: number | undefined;
  readonly detached?: boolean | undefined;
  readonly text?: boolean | undefined;
}

/** The outputs of a process. An output is undefined if its stream is not a `PIPE`. */
export type Outputs<T = Uint8Array> = [stdout: T | undefined, stderr: T | undefined];

/**
 * A subprocess. Returned by `createSubprocessExec` and `createSubprocessShell`. Like
 * `asyncio.subprocess.Process`.
 *
 * `T` is the type of output that `communicate()` returns: a string with the option `text`,
 * otherwise bytes.
 */
export class Process<T extends string | Uint8Array = Uint8Array> {
  readonly pid: number;
  /** Writes to the process's standard input; undefined unless that is a `PIPE`. */
  readonly stdin: StreamWriter | undefined;
  /** Reads the process's standard output; undefined unless that is a `PIPE`. */
  readonly stdout: StreamReader | undefined;
  /** Reads the process's standard error; undefined unless that is a `PIPE`. */
  readonly stderr: StreamReader | undefined;
  readonly #child: ChildProcess;
  readonly #isText: boolean;
  readonly #exited = new Waiters();
  /** Kills the process when the loop is closed. */
  readonly #resource: Resource = { close: () => this.#child.kill("SIGKILL") };
  #returncode: number | undefined;
  /** The error if the last signal couldn't be sent. */
  #signalError: unknown;

  /** @internal */
  constructor(
    loop: Scheduler,
    child: ChildProcess,
    stdout: Socket | null,
    options: ProcessOptions,
  ) {
    const { limit, detached, text = false } = options;
    this.#isText = text;
    const stdin = child.stdin as Socket | null;
    const stderr = child.stderr as Socket | null;
    this.#child = child;
    this.pid = child.pid as number;
    this.stdin = stdin === null ? undefined : new NodeTransport(loop, stdin).openWriter();
    this.stdout = stdout === null ? undefined : new NodeTransport(loop, stdout).openReader(limit);
    this.stderr = stderr === null ? undefined : new NodeTransport(loop, stderr).openReader(limit);
    child.on("error", (error) => {
      this.#signalError = error;
    });
    child.on("exit", (code, signal) => {
      this.#returncode = code ?? -constants.signals[signal as NodeJS.Signals];
      loop._resources.delete(this.#resource);
      this.#exited.wake();
    });
    if (detached !== true) loop._resources.add(this.#resource);
    // When a child exits, Node resumes the streams listed here, even if their readers have paused
    // them.
    (child.stdio as unknown[]).length = 0;
    // The running loop keeps the Node process alive, so the child needn't.
    child.unref();
  }

  /**
   * The exit code, or the negative number of the signal that killed the process; undefined while
   * the process runs.
   */
  get returncode(): number | undefined {
    return this.#returncode;
  }

  /**
   * Waits until the process has exited and returns its `returncode`. A cancellation doesn't affect
   * the process.
   *
   * A process blocks when its output fills the buffers of the readers and the system. Use
   * `communicate()` to read the output.
   */
  wait(): Coroutine<number> {
    return procedure(this.#wait());
  }

  *#wait(): Coroutine<number> {
    if (this.#returncode === undefined) yield* this.#exited.wait("wait()");
    return this.#returncode as number;
  }

  /**
   * Writes `input`, closes standard input, reads the output to its end and waits until the process
   * has exited. Returns the output, as bytes or, with the option `text`, as strings. All of it is
   * kept in memory. It is not an error if the process exits before it has read all of `input`.
   *
   * The call itself writes `input`, before anything is awaited. A cancellation doesn't affect the
   * process and loses nothing: the output can be read again, and `input` is still sent, so call
   * `communicate()` again without `input`. (asyncio drops the output it has read.)
   *
   * @throws TypeError if `input` is not a string or a Uint8Array.
   * @throws RuntimeError if there is `input` but `stdin` is not a `PIPE`, or another coroutine
   * reads the output.
   */
  communicate(input?: string | Uint8Array): Coroutine<Outputs<T>> {
    if (input !== undefined) {
      if (typeof input !== "string" && !isBytes(input)) {
        throw wrongType("input", "a string or a Uint8Array", input);
      }
      if (this.stdin === undefined) {
        throw new RuntimeError("The process has no pipe for `input`. Start it with `stdin: PIPE`");
      }
      this.stdin.write(input);
    }
    return procedure(this.#communicate());
  }

  /**
   * Sends a signal, by Node's name or by number.
   *
   * @throws Error with the `code` `"ESRCH"` if the process has exited, or `"EPERM"` if sending is
   * not permitted.
   * @throws Node's TypeError if there is no such signal.
   */
  sendSignal(signal: NodeJS.Signals | number): void {
    this.#signalError = undefined;
    if (this.#returncode === undefined && this.#child.kill(signal)) return;
    throw this.#signalError ?? noSuchProcess();
  }

  /** Sends `SIGTERM`. @throws the same errors as `sendSignal` */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /** Sends `SIGKILL`. @throws the same errors as `sendSignal` */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  *#communicate(): Coroutine<Outputs<T>> {
    const { stdin, stdout, stderr } = this;
    const reads = [stdout, stderr].map((reader) => reader && createTask(reader.read()));
    const tasks: Task<unknown>[] = reads.filter((task) => task !== undefined);
    if (stdin !== undefined) tasks.push(createTask(writeAndClose(stdin)));
    try {
      yield* gather(tasks);
      yield* this.wait();
      return [this.#output(reads[0]), this.#output(reads[1])];
    } catch (error) {
      for (const task of tasks) task.cancel();
      unread(stdout, reads[0]);
      unread(stderr, reads[1]);
      throw error;
    }
  }

  #output(read: Task<Uint8Array> | undefined): T | undefined {
    const bytes = read?.result();
    return (
      bytes && this.#isText ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes
    ) as T | undefined;
  }
}

/** Waits until the input is written, then closes it. */
function* writeAndClose(stdin: StreamWriter): Coroutine<void> {
  try {
    yield* stdin.drain();
  } catch (error) {
    if (!PEER_GONE.includes((error as NodeJS.ErrnoException).code)) throw error;
  }
  stdin.close();
}

/**
 * Puts back what a read returned. The read reached the end of the stream, so the reader has no
 * later data.
 */
function unread(reader: StreamReader | undefined, read: Task<Uint8Array> | undefined): void {
  if (read?.done() && !read._hasFailed()) reader?._feedData(read.result());
}

/** Returns an error like Node's own for a process that doesn't exist. */
function noSuchProcess(): Error {
  return Object.assign(new Error("kill ESRCH"), {
    errno: -constants.errno.ESRCH,
    code: "ESRCH",
    syscall: "kill",
  });
}
