// Subprocesses and their pipes. One file, because all cases share the programs that they run.

import { existsSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  RuntimeError,
  run,
  runSync,
  sleep,
  TimeoutError,
  timeout,
} from "../../../src/index.ts";
import type { Outputs, Process } from "../../../src/io/node/process.ts";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  STDOUT,
  type SubprocessOptions,
  type TextSubprocessOptions,
} from "../../../src/io/node/subprocess.ts";
import { VirtualClock } from "../../../src/testing.ts";

const PIPES = { stdin: PIPE, stdout: PIPE, stderr: PIPE } as const;
const MEGABYTE = 2 ** 20;

let trace: unknown[];

beforeEach(() => {
  trace = [];
});

/** One of the test's own programs. */
function node(program: string, options: SubprocessOptions = PIPES): Coroutine<Process> {
  return createSubprocessExec(process.execPath, ["-e", program], options);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The error that a coroutine throws. */
function* thrownBy(coro: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* coro;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}

describe("a subprocess", () => {
  test("can be written to, read from and awaited", async () => {
    await run(function* (): Coroutine<void> {
      const cat = yield* createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      trace.push(cat.returncode, cat.stderr);
      cat.stdin?.write("one\n");
      trace.push(text(yield* cat.stdout!.readline()));
      cat.stdin?.write("two\nthree");
      cat.stdin?.close();
      trace.push(text(yield* cat.stdout!.read()));
      trace.push(yield* cat.wait(), cat.returncode, yield* cat.wait());
    });

    expect(trace).toEqual([undefined, undefined, "one\n", "two\nthree", 0, 0, 0]);
  });

  test("gets its arguments as a list or one by one, without a shell", async () => {
    await run(function* (): Coroutine<void> {
      const first = yield* createSubprocessExec("echo", ["$HOME", "a  b"], { stdout: PIPE });
      const second = yield* createSubprocessExec("echo", "$HOME", "a  b", { stdout: PIPE });
      for (const echo of [first, second]) trace.push(text((yield* echo.communicate())[0]));
    });

    expect(trace).toEqual(["$HOME a  b\n", "$HOME a  b\n"]);
  });

  test("runs in the given folder and environment", async () => {
    await run(function* (): Coroutine<void> {
      const shell = yield* createSubprocessShell("pwd; echo $GREETING", {
        stdout: PIPE,
        cwd: "/",
        env: { GREETING: "hello" },
      });
      trace.push(text((yield* shell.communicate())[0]));
    });

    expect(trace).toEqual(["/\nhello\n"]);
  });

  test.each([
    ["exit 0", 0],
    ["exit 3", 3],
    ["kill -9 $$", -9],
    ["kill -TERM $$", -15],
    ["no-such-command 2> /dev/null", 127],
  ])("has the returncode that corresponds to `%s`: %i", async (command, returncode) => {
    const result = await run(function* (): Coroutine<number> {
      return yield* (yield* createSubprocessShell(command)).wait();
    });

    expect(result).toBe(returncode);
  });

  test("can send its outputs nowhere, to a file, or both to the same pipe", async () => {
    const path = join(tmpdir(), `mysyncio-${process.pid}.txt`);
    const script = "echo a; echo b >&2; echo c; echo d >&2";
    await run(function* (): Coroutine<void> {
      function* outputs(options: SubprocessOptions): Coroutine<void> {
        const shell = yield* createSubprocessShell(script, options);
        trace.push(...(yield* shell.communicate()).map(text));
      }
      yield* outputs({ stdout: PIPE, stderr: PIPE });
      yield* outputs({ stdout: PIPE, stderr: STDOUT });
      yield* outputs({ stdout: DEVNULL, stderr: PIPE });
      yield* outputs({ stdout: openSync(path, "w"), stderr: STDOUT });
    });
    trace.push(readFileSync(path, "utf8"));
    rmSync(path);

    expect(trace).toEqual([
      ...["a\nc\n", "b\nd\n", "a\nb\nc\nd\n", undefined],
      ...[undefined, "b\nd\n", undefined, undefined, "a\nb\nc\nd\n"],
    ]);
  });

  test("is ended by signals", async () => {
    await run(function* (): Coroutine<void> {
      for (const end of ["kill", "terminate", "sendSignal"] as const) {
        const sleeper = yield* createSubprocessExec("sleep", ["60"]);
        if (end === "sendSignal") sleeper.sendSignal("SIGINT");
        else sleeper[end]();
        trace.push(yield* sleeper.wait());
        trace.push(
          codeOf(
            yield* thrownBy(
              (function* () {
                sleeper.kill();
              })(),
            ),
          ),
        );
      }
    });

    expect(trace).toEqual([-9, "ESRCH", -15, "ESRCH", -2, "ESRCH"]);
  });

  test("wakes several waiters in order", async () => {
    await run(function* (): Coroutine<void> {
      const child = yield* createSubprocessShell("exit 5");
      const waiters = [..."abc"].map((name) =>
        createTask(function* (): Coroutine<void> {
          trace.push(name, yield* child.wait());
        }),
      );
      yield* gather(waiters);
    });

    expect(trace).toEqual(["a", 5, "b", 5, "c", 5]);
  });

  test("counts as exited even if another process still holds its pipe", async () => {
    await run(function* (): Coroutine<void> {
      const shell = yield* createSubprocessShell("sleep 60 & echo $!; exit 4", { stdout: PIPE });
      trace.push(yield* shell.wait(), shell.stdout?.atEof());
      process.kill(Number(text(yield* shell.stdout!.readline())));
      trace.push(text(yield* shell.stdout!.read()), shell.stdout?.atEof());
    });

    expect(trace).toEqual([4, false, "", true]);
  });

  test("blocks if it writes and nobody reads, even after another stream was read to its end", async () => {
    await run(function* (): Coroutine<void> {
      const script = "head -c 100000000 /dev/zero & exit 0";
      const before = process.memoryUsage().arrayBuffers;
      const shell = yield* createSubprocessShell(script, { stdout: PIPE, limit: 1000 });
      yield* shell.wait();
      yield* sleep(100);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * MEGABYTE);
      let length = 0;
      for (let chunk = yield* shell.stdout!.read(MEGABYTE); chunk.length > 0; ) {
        length += chunk.length;
        chunk = yield* shell.stdout!.read(MEGABYTE);
      }
      trace.push(length);
    });

    expect(trace).toEqual([100_000_000]);
  });

  test("prevents a virtual clock from jumping", async () => {
    await run(
      function* (): Coroutine<void> {
        const child = yield* createSubprocessExec("sleep", ["0.05"]);
        trace.push(yield* timeout(1, () => child.wait()));
      },
      { clock: new VirtualClock() },
    );

    expect(trace).toEqual([0]);
  });

  test("cannot be awaited by a blocked thread, and the error names the reason", () => {
    expect(() =>
      runSync(
        function* (): Coroutine<void> {
          yield* (yield* createSubprocessExec("true")).wait();
        },
        { clock: new VirtualClock() },
      ),
    ).toThrow("cannot settle while this thread is blocked");
  });

  test("is killed when its loop closes, unless it is detached", async () => {
    const [child, daemon] = await run(function* (): Coroutine<Process[]> {
      return [
        yield* createSubprocessExec("sleep", ["60"]),
        yield* createSubprocessExec("sleep", ["60"], { detached: true }),
      ];
    });
    while (child?.returncode === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    const alive = isAlive(daemon!.pid);
    daemon?.kill();

    expect([child?.returncode, alive]).toEqual([-9, true]);
  });
});

describe("communicate", () => {
  test("writes the input, and returns both outputs", async () => {
    const outputs = await run(function* (): Coroutine<Outputs> {
      const child = yield* node(
        `process.stdin.on("data", (data) => console.log("got " + data));
         process.stdin.on("end", () => console.error("end"));`,
      );
      return yield* child.communicate("input");
    });

    expect(outputs.map(text)).toEqual(["got input\n", "end\n"]);
  });

  test("does not deadlock, however much goes through all pipes at once", async () => {
    const size = 8 * MEGABYTE;
    const outputs = await run(function* (): Coroutine<Outputs> {
      const child = yield* createSubprocessShell(`head -c ${size} /dev/zero >&2; cat`, PIPES);
      return yield* child.communicate(new Uint8Array(size).fill(7));
    });

    expect(outputs.map((output) => output?.length)).toEqual([size, size]);
    expect(outputs[0]?.every((byte) => byte === 7)).toBe(true);
  });

  test("does not fail if the process ends before it has read its input", async () => {
    await run(function* (): Coroutine<void> {
      for (const command of ["exit 0", "exec 0<&-; sleep 0.05; echo out"]) {
        const child = yield* createSubprocessShell(command, { stdin: PIPE, stdout: PIPE });
        const [stdout] = yield* child.communicate(new Uint8Array(MEGABYTE));
        trace.push(text(stdout), child.returncode);
      }
    });

    expect(trace).toEqual(["", 0, "out\n", 0]);
  });

  test("leaves the process running and loses no data when it is cancelled", async () => {
    await run(function* (): Coroutine<void> {
      const script = "echo early; exec 1>&-; sleep 0.2; cat >&2";
      const child = yield* createSubprocessShell(script, PIPES);
      const input = new Uint8Array(4 * MEGABYTE);
      const thrown = yield* thrownBy(timeout(100, () => child.communicate(input)));
      expect(thrown).toBeInstanceOf(TimeoutError);
      trace.push(child.returncode);
      const [stdout, stderr] = yield* child.communicate();
      trace.push(text(stdout), stderr?.length, child.returncode);
    });

    expect(trace).toEqual([undefined, "early\n", 4 * MEGABYTE, 0]);
  });

  test.each([
    ["stdout", 1],
    ["stderr", 2],
  ] as const)(
    "leaves the data it has read from %s to the next reader when it is cancelled",
    async (name, fd) => {
      await run(function* (): Coroutine<void> {
        const script = `echo early >&${fd}; exec ${fd}>&-; exec sleep 60`;
        const child = yield* createSubprocessShell(script, PIPES);
        const communicating = createTask(child.communicate());
        yield* sleep(100);
        communicating.cancel();
        expect(yield* thrownBy(communicating as never)).toBeInstanceOf(CancelledError);
        trace.push(isAlive(child.pid), text(yield* child[name]!.read()), child[name]?.atEof());
        child.kill();
        trace.push(yield* child.wait());
      });

      expect(trace).toEqual([true, "early\n", true, -9]);
    },
  );

  test("loses nothing when it is cancelled again and again", async () => {
    const input = Uint8Array.from({ length: 4 * MEGABYTE }, (_, i) => i % 251);
    const script = `head -c ${MEGABYTE} /dev/zero; cat >&2; sleep 0.05`;
    let cancels = 0;
    const outputs = await run(function* (): Coroutine<Outputs> {
      const child = yield* createSubprocessShell(script, PIPES);
      for (let delay = 0; ; delay = (delay + 0.5) % 10, cancels++) {
        const communicating = child.communicate(cancels === 0 ? input : undefined);
        const outputs = yield* moveOnAfter(delay, () => communicating);
        if (outputs !== undefined) return outputs;
      }
    });

    expect(cancels).toBeGreaterThan(5);
    expect(outputs.map((output) => output?.length)).toEqual([MEGABYTE, input.length]);
    expect(outputs[1]?.every((byte, i) => byte === i % 251)).toBe(true);
  });

  test("rejects input without a pipe, and a pipe that is already being read", async () => {
    await run(function* (): Coroutine<void> {
      const script = "sleep 60 & echo $! >&2; wait; echo x";
      const child = yield* createSubprocessShell(script, { stdout: PIPE, stderr: PIPE });
      expect(() => child.communicate("input")).toThrow(RuntimeError);
      expect(() => child.communicate(5 as never)).toThrow("Expected `input`");
      const reading = createTask(child.stdout!.read());
      yield;
      expect(yield* thrownBy(child.communicate())).toBeInstanceOf(RuntimeError);
      process.kill(Number(text(yield* child.stderr!.readline())));
      trace.push(text(yield* reading));
    });

    expect(trace).toEqual(["x\n"]);
  });
});

describe("a writer to a process that dies", () => {
  test("throws the error from drain, and does not end the program", async () => {
    await run(function* (): Coroutine<void> {
      const child = yield* createSubprocessExec("sleep", ["60"], { stdin: PIPE });
      const writing = createTask(function* (): Coroutine<void> {
        for (;;) {
          child.stdin?.write(new Uint8Array(MEGABYTE));
          yield* child.stdin!.drain();
        }
      });
      yield* sleep(20);
      expect(writing.done()).toBe(false);
      child.kill();
      trace.push(codeOf(yield* thrownBy(writing as never)));
    });

    expect(["EPIPE", "ECONNRESET"]).toContain(trace[0]);
  });
});

describe("starting and signalling a subprocess", () => {
  test("throws Node's ENOENT for a missing program or folder", async () => {
    await run(function* (): Coroutine<void> {
      for (const stderr of [PIPE, STDOUT]) {
        const options = { ...PIPES, stderr };
        trace.push(codeOf(yield* thrownBy(createSubprocessExec("no-such-program", [], options))));
      }
      const options = { cwd: "/no/such/folder" };
      trace.push(codeOf(yield* thrownBy(createSubprocessExec("true", [], options))));
      trace.push(codeOf(yield* thrownBy(createSubprocessExec("/etc/passwd"))));
    });

    expect(trace).toEqual(["ENOENT", "ENOENT", "ENOENT", "EACCES"]);
  });

  test("starts no process if it is cancelled at once", async () => {
    await run(function* (): Coroutine<void> {
      const path = join(tmpdir(), `mysyncio-cancelled-${process.pid}`);
      const starting = createTask(
        createSubprocessShell(`touch ${path}`, { stdout: PIPE, stderr: STDOUT }),
      );
      yield;
      starting.cancel();
      expect(yield* thrownBy(starting as never)).toBeInstanceOf(CancelledError);
      yield* sleep(50);
      expect(() => readFileSync(path)).toThrow("ENOENT");
    });
  });

  test("rejects invalid arguments", () => {
    expect(() => createSubprocessExec(1 as never)).toThrow("`program`");
    expect(() => createSubprocessExec("ls", [1 as never])).toThrow("`args[0]`");
    expect(() => createSubprocessExec("ls", [], null as never)).toThrow("`options`");
    expect(() => createSubprocessExec("ls", [], { stdin: STDOUT })).toThrow(RangeError);
    expect(() => createSubprocessExec("ls", [], { stdout: "pipe" as never })).toThrow("`stdout`");
    expect(() => createSubprocessExec("ls", [], { stderr: -4 })).toThrow("STDOUT");
    expect(() => createSubprocessExec("ls", [], { limit: 0 })).toThrow("`limit`");
    expect(() => createSubprocessShell(["ls"] as never)).toThrow("`command`");
  });

  test("throws Node's error for an unknown signal", async () => {
    await run(function* (): Coroutine<void> {
      const child = yield* createSubprocessExec("sleep", ["60"]);
      expect(() => child.sendSignal("SIGNOTHING" as never)).toThrow("SIGNOTHING");
      child.kill();
      yield* child.wait();
    });
  });
});

/**
 * The number of files, pipes and sockets that this process has open, where the system reports it.
 */
function openFiles(): number {
  return existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
}

test("a hundred processes leave nothing behind", async () => {
  const before = openFiles();
  await run(function* (): Coroutine<void> {
    for (let i = 0; i < 10; i++) {
      const children = Array.from({ length: 10 }, () =>
        createTask(function* (): Coroutine<Outputs> {
          const stderr = i % 2 === 0 ? PIPE : STDOUT;
          const child = yield* createSubprocessShell("cat", { ...PIPES, stderr });
          return yield* child.communicate("x");
        }),
      );
      for (const outputs of yield* gather(children)) trace.push(text(outputs[0]));
    }
    const loop = getRunningLoop();
    for (let i = 0; i < 1_000 && (loop._resources.size > 0 || openFiles() > before); i++) {
      yield* sleep(10);
    }
    expect(loop._resources.size).toBe(0);
  });

  expect(trace).toEqual(Array(100).fill("x"));
  expect(openFiles()).toBeLessThanOrEqual(before);
});

describe("the option `text`", () => {
  test.each<[string, TextSubprocessOptions, unknown[]]>([
    ["both outputs", { ...PIPES, text: true }, ["out ä €", "error"]],
    ["only pipes", { stdout: PIPE, stderr: DEVNULL, text: true }, ["out ä €", undefined]],
    ["both in one", { stdout: PIPE, stderr: STDOUT, text: true }, ["out ä €error", undefined]],
  ])("makes communicate() return strings: %s", async (_, options, expected) => {
    const program = 'process.stdout.write("out ä €", () => process.stderr.write("error"))';
    const got = await run(function* () {
      const child = yield* createSubprocessExec(process.execPath, ["-e", program], options);
      const outputs: [string | undefined, string | undefined] = yield* child.communicate();
      return outputs;
    });

    expect(got).toEqual(expected);
  });

  test("keeps a byte order mark, as Python does", async () => {
    const options = { stdout: PIPE, text: true } as const;
    const got = await run(function* () {
      const program = 'process.stdout.write("\\ufeffa")';
      const child = yield* createSubprocessExec(process.execPath, ["-e", program], options);
      return yield* child.communicate();
    });

    expect(got[0]).toBe("\ufeffa");
  });

  test("makes communicate() of a shell return text, even if it is empty, but leaves bytes to readers", async () => {
    const got = await run(function* () {
      const shell = yield* createSubprocessShell("exit 0", { ...PIPES, text: true });
      const empty = yield* shell.communicate();
      const other = yield* createSubprocessShell("echo a", { stdout: PIPE, text: true });
      return [...empty, yield* other.stdout?.readline() as Coroutine<Uint8Array>];
    });

    expect(got).toEqual(["", "", new TextEncoder().encode("a\n")]);
  });

  test("is off by default, and throws a TypeError unless it is a boolean", () => {
    expect(() => createSubprocessShell("true", { text: "utf8" as never })).toThrow("`text`");
    expect(() => createSubprocessExec("true", [], { text: 1 as never })).toThrow("`text`");
  });
});
