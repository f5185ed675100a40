// Calls between the threads of a Node process. One file, because all cases share the threads.

import type { ResourceLimits, Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type AwaitableLike,
  CancelledError,
  type Coroutine,
  createTask,
  type EventLoop,
  gather,
  LookupError,
  newEventLoop,
  RuntimeError,
  run,
  runSync,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { portInput } from "../../src/loop/hosts/ports.ts";
import { installPlatform, type RemoteTicket } from "../../src/loop/platform.ts";
import { connectRemote, type Remote } from "../../src/remote/remote.ts";
import { RemoteLostError } from "../../src/remote/remoteError.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { transfer } from "../../src/remote/transfer.ts";
import { scale } from "../support/effort.ts";
import { startThread } from "../support/thread.node.ts";

/** The imports of every thread. */
const PRELUDE = `
  import { parentPort, workerData } from "node:worker_threads";
  import { newEventLoop } from "./src/program/eventLoop.ts";
  import { run, runSync } from "./src/program/run.ts";
  import { installPlatform } from "./src/loop/platform.ts";
  import { portInput } from "./src/loop/hosts/ports.ts";
  import { remoteServerOf } from "./src/remote/remoteServer.ts";
  import { connectRemote } from "./src/remote/remote.ts";
  import { transfer } from "./src/remote/transfer.ts";
  import { fromPromise } from "./src/tasks/fromPromise.ts";
  import { sleep } from "./src/tasks/sleep.ts";
  installPlatform({ remotePort: remoteServerOf, blockingInput: portInput });
`;

/** A thread that exposes functions. */
const SERVER = `${PRELUDE}
  class OddError extends Error { code = 7; }
  const trace = [];
  const loop = newEventLoop();
  loop.expose({
    *add(a, b) { yield* sleep(1); return a + b; },
    plain: (value) => value,
    promised: async (value) => value,
    log(letter) { trace.push(letter); },
    trace: () => trace.splice(0).join(""),
    sum(bytes) { return bytes.reduce((sum, byte) => sum + byte, 0); },
    give(size) { const bytes = new Uint8Array(size).fill(1); return transfer(bytes, [bytes.buffer]); },
    uncloneable: () => () => {},
    deep() { let deep = []; for (let i = 0; i < 20_000; i++) deep = [deep]; return deep; },
    *fail() { throw new OddError("odd", { cause: new TypeError("the cause") }); },
    group() { throw new AggregateError([new RangeError("first")], "several"); },
    throwValue() { throw { thrown: true }; },
    throwOdd(how) {
      if (how === "getter") throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no"); } });
      if (how === "stack") throw Object.assign(new RangeError("odd stack"), { stack: () => 1 });
      if (how === "null") throw Object.assign(Object.create(null), { f() {} });
      if (how === "symbol") throw Symbol("s");
      if (how === "undefined") throw undefined;
      if (how === "nameless") throw Object.assign(new Error("nameless"), { name: Symbol("n") });
      const error = new AggregateError([], "circle");
      error.errors = Array.from({ length: 20 }, () => error);
      error.cause = error;
      throw error;
    },
    *slow() {
      try { trace.push("begun "); yield* sleep(1e9); }
      finally { yield* sleep(30); trace.push("cleaned "); }
    },
    *stubborn() { try { yield* sleep(1e9); } catch { return "went on"; } },
    *forever() { yield* sleep(1e9); },
    *nap(ms) { yield* sleep(ms); return ms; },
    die() { process.exit(); },
    end() { loop.callLater(5, () => { loop.stop(); }); },
  });
  parentPort.postMessage(loop.remote());
`;
const AS_GUEST = "await loop.runForever(); loop.close();";
const BLOCKED = "loop.runForeverSync(); loop.close();";

const threads: Worker[] = [];

beforeAll(() => {
  installPlatform({ remotePort: remoteServerOf, blockingInput: portInput });
});

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});

function start(program: string, workerData?: unknown, limits?: ResourceLimits): Promise<never> {
  const thread = startThread(program, { workerData, resourceLimits: limits });
  threads.push(thread);
  return new Promise((resolve, reject) => {
    thread.once("message", resolve as (message: unknown) => void);
    thread.once("error", reject);
  });
}

/** The events of the host here, and what blocks it. */
const runs: Record<string, <T>(main: AwaitableLike<T>) => Promise<T>> = {
  "as a guest": (main) => run(main),
  blocked: async (main) => runSync(main),
};
const servers: Record<string, string> = { "as a guest": AS_GUEST, blocked: BLOCKED };
const combinations = Object.keys(servers).flatMap((there) =>
  Object.keys(runs).map((here) => [there, here] as const),
);

describe.each(combinations)("a thread that runs %s, called by one that runs %s,", (there, here) => {
  let remote: Remote;
  const runHere = runs[here] as (typeof runs)[string];

  beforeEach(async () => {
    remote = connectRemote(await start(SERVER + servers[there]));
  });

  test("returns the results of calls", async () => {
    const value = { list: [new Map([[1, new Date(5)]])] };
    const results = await runHere(() =>
      gather([
        remote.call("add", 1, 2),
        remote.call("plain", value),
        // A blocked thread has no promises.
        remote.call(there === "blocked" ? "plain" : "promised", undefined),
      ]),
    );

    expect(results).toEqual([3, value, undefined]);
  });

  test("starts calls in the order in which they were made", async () => {
    const trace = await runHere(function* (): Coroutine<unknown> {
      remote.callSoon("log", "a");
      const b = remote.call("log", "b");
      remote.callSoon("log", "c");
      yield* b;
      remote.callSoon("log", "d");
      return yield* remote.call("trace");
    });

    expect(trace).toBe("abcd");
  });

  test("returns errors with name, message, stack and cause", async () => {
    const errors = await runHere(() =>
      gather(
        [
          remote.call("fail"),
          remote.call("group"),
          remote.call("nothing"),
          remote.call("uncloneable"),
          remote.call("throwValue"),
        ],
        { returnExceptions: true },
      ),
    );
    const [odd, group, unknown, uncloneable, value] = errors as Error[];

    expect([odd?.name, odd?.message, odd?.cause]).toEqual([
      "OddError",
      "odd",
      new TypeError("the cause"),
    ]);
    expect(odd?.cause).toBeInstanceOf(TypeError);
    expect(odd?.stack).toContain("data:text/javascript");
    expect((group as AggregateError).errors).toEqual([new RangeError("first")]);
    expect(unknown).toBeInstanceOf(LookupError);
    expect(uncloneable?.name).toBe("DataCloneError");
    expect(value).toEqual({ thrown: true });
  });

  test("fails a call whatever it throws, even a value that cannot be described", async () => {
    const odd = ["getter", "stack", "null", "symbol", "undefined", "nameless", "circle"];
    const errors = await runHere(() =>
      gather(
        odd.map((how) => remote.call("throwOdd", how)),
        { returnExceptions: true },
      ),
    );

    const undescribed = new Error("The thrown value cannot be described");
    expect(errors.slice(0, -2)).toEqual([
      ...[undescribed, new RangeError("odd stack"), undescribed, "Symbol(s)", undefined],
    ]);
    // V8 includes the name in the stack when the stack is first read.
    expect(errors.slice(-2)).toEqual([undescribed, expect.any(AggregateError)]);
  });

  test("cleans up before a cancelled call ends", async () => {
    const trace = await runHere(function* (): Coroutine<unknown> {
      const future = remote.call("slow");
      const task = createTask(function* () {
        yield* future;
      });
      yield* remote.call("nap", 1);
      task.cancel();
      try {
        yield* task;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
      }
      const states = [future.cancelled(), task.cancelled()];
      return [states, yield* remote.call("trace")];
    });

    expect(trace).toEqual([[true, true], "begun cleaned "]);
  });

  test("may return a value despite a cancellation", async () => {
    const results = await runHere(function* (): Coroutine<unknown> {
      const early = remote.call("stubborn");
      early.cancel();
      const late = remote.call("stubborn");
      yield* remote.call("nap", 1);
      late.cancel();
      const result = yield* late;
      yield* gather([early], { returnExceptions: true });
      return result;
    });

    expect(results).toBe("went on");
  });

  test("takes over transferred memory", async () => {
    const bytes = new Uint8Array(1_000).fill(2);
    const results = await runHere(function* (): Coroutine<unknown> {
      const sum = remote.call("sum", transfer(bytes, [bytes.buffer]));
      const length = bytes.length;
      return [yield* sum, length, (yield* remote.call<Uint8Array>("give", 10)).length];
    });

    expect(results).toEqual([2_000, 0, 10]);
  });

  test.each(["dies", "is terminated", "closes its loop"])(
    "fails pending calls when it %s",
    async (how) => {
      const [thread] = threads as [Worker];
      const errors = await runHere(function* (): Coroutine<unknown[]> {
        const pending = remote.call("forever");
        yield* remote.call("nap", 1);
        if (how === "dies") remote.callSoon("die");
        else if (how === "closes its loop") remote.callSoon("end");
        else void thread.terminate();
        const [error] = yield* gather([pending], { returnExceptions: true });
        const [later] = yield* gather([remote.call("nap", 1)], { returnExceptions: true });
        return [error, later];
      });

      expect(errors).toEqual([expect.any(RemoteLostError), expect.any(RemoteLostError)]);
    },
  );
});

describe("a connection", () => {
  test("to a thread that has already ended fails its calls", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    await threads[0]?.terminate();
    const call = function* (): Coroutine<unknown> {
      return yield* connectRemote(ticket).call("nap", 1);
    };

    await expect(run(call)).rejects.toThrow(RemoteLostError);
    expect(() => runSync(call)).toThrow(RemoteLostError);
  });

  test.each(["await run", "runSync"])(
    "from a worker to a thread that has already ended fails its calls, by %s",
    { repeats: scale(0, 4) },
    async (how) => {
      const ticket = await start(SERVER + AS_GUEST);
      await threads[0]?.terminate();
      const error = await start(
        `${PRELUDE}
        let error;
        try {
          ${how}(function* () { return yield* connectRemote(workerData).call("nap", 1); });
        } catch (thrown) {
          error = thrown;
        }
        parentPort.postMessage(String(error));`,
        ticket,
      );

      expect(error).toContain("RemoteLostError");
    },
  );

  test("that is closed cancels its calls on the other side, and rejects new ones", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    await run(function* (): Coroutine<void> {
      const remote = connectRemote(ticket);
      const pending = remote.call("slow");
      yield* remote.call("nap", 1);
      remote.close();
      const [error] = yield* gather([pending], { returnExceptions: true });
      expect(error).toBeInstanceOf(RemoteLostError);
      expect(() => remote.call("nap", 1)).toThrow(RuntimeError);
      yield* sleep(60);
      expect(yield* connectRemote(ticket).call("trace")).toBe("begun cleaned ");
    });
  });

  test("may share its ticket with other connections", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    const remotes = [connectRemote(ticket), connectRemote(structuredClone(ticket))];

    expect(await run(() => gather(remotes.map((remote) => remote.call("add", 1, 1))))).toEqual([
      2, 2,
    ]);
  });

  test("ends when the thread that made it is terminated, and its calls are cancelled", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    await start(
      `${PRELUDE}
      await run(function* () {
        const remote = connectRemote(workerData);
        const pending = remote.call("slow");
        yield* remote.call("nap", 1);
        parentPort.postMessage("called");
        yield* pending;
      });`,
      ticket,
    );
    await threads[1]?.terminate();
    const trace = await run(function* (): Coroutine<unknown> {
      yield* sleep(100);
      return yield* connectRemote(ticket).call("trace");
    });

    expect(trace).toBe("begun cleaned ");
  });

  test("can be made from one worker to another, and back to the main thread", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    const loop = newEventLoop();
    const heard: unknown[] = [];
    loop.expose({
      hear: (value: unknown) => {
        heard.push(value);
        loop.stop();
      },
    });
    for (const how of ["await run", "runSync"]) {
      void start(
        `${PRELUDE}
        ${how}(function* () {
          const [other, main] = workerData.map(connectRemote);
          yield* main.call("hear", yield* other.call("add", 20, 1));
        });`,
        [ticket, loop.remote()],
      );
      await loop.runForever();
    }
    loop.close();

    expect(heard).toEqual([21, 21]);
  });

  test.each(Object.keys(runs))(
    "fails its calls if a reply cannot be read, in a thread that runs %s",
    async (here) => {
      // The value is so deep that only a thread with a large stack can clone it.
      const ticket = await start(SERVER + AS_GUEST, undefined, { stackSizeMb: 64 });
      const outcomes = await runs[here]?.(function* (): Coroutine<unknown[]> {
        const remote = connectRemote(ticket);
        const calls = ["deep", "forever"].map((name) => remote.call(name));
        return yield* gather(calls, { returnExceptions: true });
      });

      const lost = expect.any(RemoteLostError);
      expect(outcomes).toEqual([lost, lost]);
    },
  );

  test.each(["here", "there"])(
    "that receives unreadable data %s fails its calls, and ends on both sides",
    async (where) => {
      const channels: BroadcastChannel[] = [];
      class Channel extends BroadcastChannel {
        constructor(name: string) {
          super(name);
          channels.push(this);
        }
      }
      vi.stubGlobal("BroadcastChannel", Channel);
      const other = newEventLoop();
      const trace: string[] = [];
      other.expose({
        *wait(): Coroutine<void> {
          try {
            yield* sleep(1e9);
          } finally {
            trace.push("cancelled there");
          }
        },
        plain: () => undefined,
      });
      const running = other.runForever();
      await run(function* (): Coroutine<void> {
        const remote = connectRemote(other.remote());
        const pending = remote.call("wait");
        yield* remote.call("plain");
        // The two ends of the connection were opened after the loop's channel, the caller's first.
        const ends = channels.filter(({ name }) => name !== channels[0]?.name);
        ends[where === "here" ? 0 : 1]?.dispatchEvent(new MessageEvent("messageerror"));
        const [error] = yield* gather([pending], { returnExceptions: true });
        expect(error).toBeInstanceOf(RemoteLostError);
        while (trace.length === 0) yield* sleep(1);
      });
      vi.unstubAllGlobals();
      other.stop();
      await running;
      other.close();

      expect(trace).toEqual(["cancelled there"]);
    },
  );

  test("fails calls that cannot be sent, but still sends later ones", async () => {
    const refusal = new DOMException("No shared memory", "DataCloneError");
    class Channel extends BroadcastChannel {
      override postMessage(message: { readonly args?: readonly unknown[] }): void {
        if (message.args?.[0] instanceof SharedArrayBuffer) throw refusal;
        super.postMessage(message);
      }
    }
    vi.stubGlobal("BroadcastChannel", Channel);
    const other = newEventLoop();
    other.expose({ plain: (value: unknown) => value });
    const running = other.runForever();
    const results = await run(function* (): Coroutine<unknown> {
      const remote = connectRemote(other.remote());
      const calls = [new SharedArrayBuffer(4), "after"].map((value) => remote.call("plain", value));
      return yield* gather(calls, { returnExceptions: true });
    });
    vi.unstubAllGlobals();
    other.stop();
    await running;
    other.close();

    expect(results).toEqual([refusal, "after"]);
  });

  test.each(["link", "type"])(
    "opens and makes each call once, even if the first message with a `%s` is lost",
    async (lost) => {
      let losses = 0;
      class Channel extends BroadcastChannel {
        override postMessage(message: object): void {
          // `link` is in the caller's hello, `type` in the welcome.
          if (lost in message && losses++ === 0) return;
          super.postMessage(message);
        }
      }
      vi.stubGlobal("BroadcastChannel", Channel);
      const other = newEventLoop();
      let calls = 0;
      other.expose({ count: () => ++calls });
      const running = other.runForever();
      const result = await run(() => connectRemote(other.remote()).call("count"));
      vi.unstubAllGlobals();
      other.stop();
      await running;
      other.close();

      expect([result, calls]).toEqual([1, 1]);
      expect(losses).toBeGreaterThan(1);
    },
  );

  test("can be made to another loop of the same thread", async () => {
    const other = newEventLoop();
    other.expose({ double: (n: number) => 2 * n });
    const running = other.runForever();
    const result = await run(() => connectRemote(other.remote()).call("double", 21));
    other.stop();
    await running;
    other.close();

    expect(result).toBe(42);
  });

  test("does not keep an idle process alive", async () => {
    const ticket = await start(SERVER + AS_GUEST);
    const ended = new Promise((resolve) => {
      void start(`${PRELUDE} await run(() => connectRemote(workerData).call("nap", 1));`, ticket);
      threads[1]?.once("exit", resolve);
    });

    expect(await ended).toBe(0);
  });
});

test("each call wakes a blocked loop, although a blocked loop isn't notified of messages", async () => {
  const onlyBell = `
    const { wait } = Atomics;
    Atomics.wait = (bell, index, value) => wait(bell, index, value);
  `;
  const remote = connectRemote(await start(onlyBell + SERVER + BLOCKED));
  const replies = await run(function* (): Coroutine<unknown[]> {
    const replies: unknown[] = [];
    for (let i = 0; i < 100; i++) {
      replies.push(yield* remote.call("plain", i));
      yield* sleep(i % 7); // not in step with the thread
    }
    return replies;
  });

  expect(replies).toEqual(replies.map((_, i) => i));
});

describe("an error", () => {
  test("in an argument is thrown at the call", async () => {
    const loop: EventLoop = newEventLoop();
    const wrong = (value: unknown) => value as never;

    expect(() => loop.expose(wrong(42))).toThrow(
      "Expected `functions` to be an object of functions",
    );
    expect(() => loop.expose({ x: wrong(42) })).toThrow("Expected `functions.x` to be a function");
    expect(() => connectRemote(wrong({}))).toThrow(
      "Expected `ticket` to be the ticket that `loop.remote()` returned",
    );
    expect(() => transfer({}, wrong([1]))).toThrow("Expected `list[0]` to be an ArrayBuffer");
    const remote = connectRemote(loop.remote() as RemoteTicket);
    expect(() => remote.call("x")).toThrow("remote.call() needs an event loop");
    await run(function* (): Coroutine<void> {
      expect(() => remote.call(wrong(1))).toThrow("Expected `name` to be a string");
      expect(() => remote.call("x", () => 0)).toThrow("could not be cloned");
      yield;
    });
    await run(function* (): Coroutine<void> {
      expect(() => remote.call("x")).toThrow("The connection belongs to another loop");
      yield;
    });
    loop.close();
    expect(() => loop.expose({})).toThrow("The loop is closed");
    expect(() => loop.remote()).toThrow("The loop is closed");
  });

  test("in a function called by callSoon goes to the exception handler on the other side", async () => {
    const loop = newEventLoop();
    const reports: unknown[] = [];
    loop.setExceptionHandler((_, { exception }) => {
      reports.push(exception);
      loop.stop();
    });
    loop.expose({
      *fail() {
        throw new Error("failure");
      },
    });
    const running = loop.runForever();
    const remote = connectRemote(loop.remote());
    await run(function* (): Coroutine<void> {
      remote.callSoon("fail");
      while (reports.length === 0) yield* sleep(1);
    });
    await running;
    loop.close();

    expect(reports).toEqual([new Error("failure")]);
  });
});

test("a loop that ends before it has replied causes a RemoteLostError, which a task group reports", async () => {
  const thread = startThread(
    `${PRELUDE}
    await run(function* () {
      const loop = getRunningLoop();
      const end = loop.createFuture();
      loop.expose({
        *slow() { loop.callLater(20, () => end.setResult()); yield* sleep(1e9); },
      });
      parentPort.postMessage(loop.remote());
      yield* end;
    });
  `.replace("{ newEventLoop }", "{ getRunningLoop, newEventLoop }"),
  );
  const ticket = await new Promise<RemoteTicket>((resolve) => thread.once("message", resolve));
  const failure = await run(() =>
    taskGroup(function* (group) {
      group.createTask(function* () {
        return yield* connectRemote(ticket).call("slow");
      });
      yield;
    }),
  ).catch((error: unknown) => error);

  expect(failure).toMatchObject({ errors: [expect.any(RemoteLostError)] });
  await thread.terminate();
});
