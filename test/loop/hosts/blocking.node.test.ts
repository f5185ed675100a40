// A loop that blocks its thread, in real time. Another thread does everything that is to happen
// meanwhile. One file, because all cases share that thread.

import { Socket } from "node:net";
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Coroutine,
  DeadlockError,
  type EventLoop,
  fromPromise,
  gather,
  newEventLoop,
  RuntimeError,
  run,
  runSync,
  sleep,
  TimeoutError,
  waitFor,
} from "../../../src/index.ts";
import { receiveMessage } from "../../../src/io/node/adapt.ts";
import { portInput } from "../../../src/loop/hosts/ports.ts";
import { installPlatform } from "../../../src/loop/platform.ts";
import "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { newVirtualLoop, runVirtually } from "../../support/virtualLoop.ts";

/** Longer than any test could wait. */
const AGES = 1e9;

let loop: EventLoop;
let trace: string[];
const threads: Worker[] = [];

beforeAll(() => installPlatform({ blockingInput: portInput }));

beforeEach(() => {
  loop = newEventLoop();
  trace = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  loop.close();
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});

function push(letter: string): void {
  trace.push(letter);
}

/** A port whose other end belongs to a thread that runs `program`, where it is called `port`. */
function portTo(program: string, resourceLimits: ResourceLimits = {}): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const prelude = "const { workerData: port } = require('node:worker_threads');";
  const options = { eval: true, workerData: port2, transferList: [port2], resourceLimits };
  threads.push(new Worker(prelude + program, options));
  return port1;
}

/** Pushes the messages of a port, and stops the loop at the end. */
function readFrom(port: MessagePort): void {
  loop.addReader(port, () => {
    const received = receiveMessage(port);
    if (received === undefined) push("end");
    else push(String(received.message));
    if (received === undefined || received.message === "stop") {
      loop.removeReader(port);
      loop.stop();
    }
  });
}

describe("timers", () => {
  test("run in order and never early", () => {
    const early: string[] = [];
    const delays = [13, 0.1, 7.01, 0, 5.7, 1.5, 0.9];
    // The clock is read once, because on a busy machine a later reading may exceed some deadlines.
    const start = loop.time();
    for (const delay of delays) {
      const timer = loop.callAt(start + delay, () => {
        const now = loop.time();
        if (now < timer.when()) early.push(`${delay}: at ${now} instead of ${timer.when()}`);
        push(`${delay}`);
      });
    }
    loop.callLater(15, () => loop.stop());
    loop.runForeverSync();

    expect([early, trace]).toEqual([[], ["0", "0.1", "0.9", "1.5", "5.7", "7.01", "13"]]);
  });

  test("use no processor time while they wait", () => {
    const waiting = vi.spyOn(Atomics, "wait");
    const start = performance.now();
    runSync(sleep(300));

    expect(performance.now() - start).toBeGreaterThanOrEqual(300);
    const [first, ...others] = waiting.mock.calls.map(([, , , delay]) => delay);
    expect(first).toBeGreaterThan(0);
    // The wait may end a little early.
    expect(others.length).toBeLessThan(3);
  });

  test("run without any host events in between", () => {
    let hasCome = false;
    setTimeout(() => {
      hasCome = true;
    }, 0);
    const result = runSync(function* (): Coroutine<unknown> {
      const [first] = yield* gather([sleep(2, "a"), sleep(1, "b")]);
      return [first, hasCome];
    });

    expect(result).toEqual(["a", false]);
  });
});

describe("messages of a port", () => {
  test("arrive between timers in the order in which they were sent", () => {
    const port = portTo(`
      let n = 0;
      port.on("message", () => {
        port.postMessage(String(++n));
        port.postMessage(n < 3 ? n + "!" : "stop");
      });
    `);
    // Each timer sends two messages, and the second of them sets the next timer.
    const tick = () => {
      push("timer");
      port.postMessage("go");
    };
    loop.callLater(5, tick);
    loop.addReader(port, () => {
      const message = String(receiveMessage(port)?.message);
      push(message);
      if (message.endsWith("!")) loop.callLater(5, tick);
      if (message !== "stop") return;
      loop.removeReader(port);
      loop.stop();
    });
    loop.runForeverSync();

    expect(trace).toEqual(["timer", "1", "1!", "timer", "2", "2!", "timer", "3", "stop"]);
  });

  test("that arrive before a deadline are read before its timer runs", () => {
    const { port1, port2 } = new MessageChannel();
    // The first run also calls `Atomics.wait`, to find out whether the thread may block.
    loop.callSoon(() => loop.stop());
    loop.runForeverSync();
    readFrom(port1);
    const deadline = loop.callLater(500, push, "b").when();
    loop.callLater(510, () => port2.postMessage("stop"));
    vi.spyOn(Atomics, "wait").mockImplementationOnce(() => {
      port2.postMessage("a");
      while (loop.time() < deadline);
      return "timed-out";
    });
    loop.runForeverSync();
    port1.close();

    expect(trace).toEqual(["a", "b", "stop"]);
  });

  test("also arrive while the loop always has work", () => {
    const { port1, port2 } = new MessageChannel();
    readFrom(port1);
    const giveUpAt = loop.time() + 3_000;
    const spin = () => (loop.time() > giveUpAt ? loop.stop() : loop.callSoon(spin));
    loop.callSoon(spin);
    port2.postMessage("stop");
    loop.runForeverSync();
    port1.close();

    expect(trace).toEqual(["stop"]);
  });

  test("also reach other listeners of the port", () => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", (event) => push(`listener ${(event as MessageEvent).data}`));
    readFrom(port1);
    port2.postMessage("stop");
    loop.runForeverSync();
    port1.close();

    expect(trace).toEqual(["listener stop", "stop"]);
  });

  test("that cannot be read are reported, and those after them still arrive", () => {
    const reports: unknown[] = [];
    loop.setExceptionHandler((_, { exception }) => reports.push(exception));
    // A larger stack than this thread's, on which reading such a deep value overflows.
    const port = portTo(
      `let deep = []; for (let i = 0; i < 20_000; i++) deep = [deep];
      port.postMessage("a"); port.postMessage(deep); port.postMessage("stop");`,
      { stackSizeMb: 64 },
    );
    const heard: unknown[] = [];
    port.on("messageerror", (error) => heard.push(error));
    readFrom(port);
    loop.runForeverSync();

    expect([trace, reports.length]).toEqual([["a", "stop"], 1]);
    expect(reports[0]).toMatchObject({ name: "RangeError" });
    expect(heard).toEqual(reports);
  });

  test("are awaited on a virtual clock, which doesn't jump to the next timer meanwhile", () => {
    loop.close();
    loop = newVirtualLoop();
    readFrom(portTo("setTimeout(() => port.postMessage('stop'), 20); setTimeout(() => {}, 1e6);"));
    loop.callLater(1, push, "later");
    loop.runForeverSync();

    expect([trace, loop.time()]).toEqual([["stop"], 0]);
  });

  test("can be read after the thread that sent them was terminated", () => {
    readFrom(portTo("port.postMessage('a'); setTimeout(() => process.exit(), 20);"));
    loop.callLater(AGES, push, "x");
    loop.runForeverSync();

    expect(trace).toEqual(["a", "end"]);
  });
});

test("a blocked thread looks for messages at least every 5 ms, since ports cannot wake it", () => {
  const waiting = vi.spyOn(Atomics, "wait");
  readFrom(portTo("setTimeout(() => port.postMessage('stop'), 50); setTimeout(() => {}, 1e6);"));
  loop.callLater(AGES, push, "x");
  loop.runForeverSync();

  expect(trace).toEqual(["stop"]);
  const delays = waiting.mock.calls.map(([, , , delay]) => delay as number);
  expect(delays.length).toBeGreaterThan(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(5);
});

describe("a blocked thread fails immediately if it waits for", () => {
  const cases: Record<string, () => Coroutine<unknown>> = {
    "a promise": () => fromPromise(new Promise(() => {})),
    "a settled promise": () => fromPromise(Promise.resolve()),
    "a promise with a deadline": () => waitFor(fromPromise(new Promise(() => {})), AGES),
    "a promise beside a timer": function* () {
      return yield* gather([sleep(AGES), Promise.resolve()]);
    },
  };

  test.each(Object.entries(cases))("%s", (_, main) => {
    const error = caught(() => runSync(main()));

    expect(error).toBeInstanceOf(DeadlockError);
    expect(String(error)).toContain("use `run()`");
  });

  test("a socket", () => {
    const socket = new Socket();
    loop.addReader(socket, push, "x");

    expect(() => loop.runForeverSync()).toThrow("use `run()`");
    socket.destroy();
  });

  test("a promise, even if a port is watched", () => {
    const { port1 } = new MessageChannel();
    loop.addReader(port1, push, "x");

    expect(() => loop.runUntilCompleteSync(Promise.resolve())).toThrow(DeadlockError);
    port1.close();
  });

  test("a promise, and the program can clean up", () => {
    const error = caught(() =>
      runSync(function* (): Coroutine<void> {
        try {
          yield* fromPromise(new Promise(() => {}));
        } finally {
          yield* sleep(1);
          push("clean");
        }
      }),
    );

    expect([error, trace]).toEqual([expect.any(DeadlockError), ["clean"]]);
  });

  test("a future that nothing completes", () => {
    expect(() => loop.runForeverSync()).toThrow("Nothing is ready and no timer is pending");
  });
});

describe("a blocking loop", () => {
  test("times out like a loop that does not block", () => {
    expect(() => runSync(waitFor(sleep(AGES), 5))).toThrow(TimeoutError);
  });

  test("throws a RuntimeError inside another loop's callback, and leaves nothing behind", async () => {
    const main = function* (): Coroutine<void> {
      push("x");
    };
    const error = await run(function* (): Coroutine<unknown> {
      return caught(() => runSync(main));
    });
    const virtually = runVirtually(function* (): Coroutine<unknown> {
      return caught(() => loop.runUntilCompleteSync(main));
    });

    expect([error, virtually]).toEqual([expect.any(RuntimeError), expect.any(RuntimeError)]);
    expect([String(error).includes("another"), [...loop._slots], trace]).toEqual([true, [], []]);
  });

  test("can run inside another loop's callback on a clock that does not advance by itself", async () => {
    const main = function* (): Coroutine<string> {
      return runVirtually(() => sleep(AGES, "done"));
    };

    expect(await run(main)).toBe("done");
    expect(runSync(main)).toBe("done");
  });

  test("can run again as a guest of the host", async () => {
    loop.callLater(1, () => loop.stop());
    loop.runForeverSync();

    expect(await loop.runUntilComplete(fromPromise(Promise.resolve("done")))).toBe("done");
  });

  test("runs calls of callSoonThreadsafe made in another loop's callback", () => {
    runVirtually(function* (): Coroutine<void> {
      loop.callSoonThreadsafe(push, "a");
    });
    loop.callLater(1, () => loop.stop());
    loop.runForeverSync();

    expect(trace).toEqual(["a"]);
  });
});

test("callSoonThreadsafe wakes a loop that sleeps", async () => {
  setTimeout(() => loop.callSoonThreadsafe(() => loop.stop()), 5);
  await loop.runForever();

  expect(loop.isRunning()).toBe(false);
});
