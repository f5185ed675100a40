// A loop that blocks its thread, on real time. Whatever else is to happen meanwhile is done by another thread.

import { Socket } from "node:net";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type EventLoop, newEventLoop } from "../../../src/eventLoop.ts";
import { receiveMessage } from "../../../src/io/node/adapt.ts";
import { DeadlockError, RuntimeError, TimeoutError } from "../../../src/loop/errors.ts";
import { provideInlets } from "../../../src/loop/hosts/blocking.ts";
import { portInlets } from "../../../src/loop/hosts/ports.ts";
import "../../../src/node.ts";
import { run, runSync } from "../../../src/run.ts";
import type { Coroutine } from "../../../src/tasks/coroutine.ts";
import { fromPromise } from "../../../src/tasks/fromPromise.ts";
import { gather } from "../../../src/tasks/gather.ts";
import { sleep } from "../../../src/tasks/sleep.ts";
import { waitFor } from "../../../src/tasks/waitFor.ts";
import { caught } from "../../support/caught.ts";
import { startThread } from "../../support/thread.node.ts";
import { newVirtualLoop, runVirtually } from "../../support/virtualLoop.ts";

/** So long that no test could wait for it. */
const AGES = 1e9;

let loop: EventLoop;
let trace: string[];
const threads: Worker[] = [];

beforeAll(() => provideInlets(portInlets));

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

/** A port whose other end a thread has that runs `program`. It is in `port` there. */
function portTo(program: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const prelude = "const { workerData: port } = require('node:worker_threads');";
  const options = { eval: true, workerData: port2, transferList: [port2] };
  threads.push(new Worker(prelude + program, options));
  return port1;
}

/** Has the loop push what comes, and stop at the end. */
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
    // From one moment: on a busy machine the next one may be later than some of them.
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

  test("are waited for without using the processor", () => {
    const before = process.cpuUsage();
    const start = performance.now();
    runSync(sleep(300));
    const { user, system } = process.cpuUsage(before);

    expect(performance.now() - start).toBeGreaterThanOrEqual(300);
    expect((user + system) / 1_000).toBeLessThan(150);
  });

  test("let no event of the host come between", () => {
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
  test("come between timers in the order in which they were sent", () => {
    const port = portTo(`
      let n = 0;
      port.on("message", () => {
        port.postMessage(String(++n));
        port.postMessage(n < 3 ? n + "!" : "stop");
      });
    `);
    // Each timer has two messages sent, and the second of them sets the next timer.
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

  test("that come before a deadline are read before its timer runs", () => {
    const { port1, port2 } = new MessageChannel();
    readFrom(port1);
    const deadline = loop.callLater(50, push, "b").when();
    loop.callLater(60, () => port2.postMessage("stop"));
    vi.spyOn(Atomics, "wait").mockImplementationOnce(() => {
      port2.postMessage("a");
      while (loop.time() < deadline);
      return "timed-out";
    });
    loop.runForeverSync();
    port1.close();

    expect(trace).toEqual(["a", "b", "stop"]);
  });

  test("come also while the loop is never idle", () => {
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

  test("come to other listeners of the port too", () => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", (event) => push(`listener ${(event as MessageEvent).data}`));
    readFrom(port1);
    port2.postMessage("stop");
    loop.runForeverSync();
    port1.close();

    expect(trace).toEqual(["listener stop", "stop"]);
  });

  test("are waited for on a clock that does not pass by itself, which stands still", () => {
    loop.close();
    loop = newVirtualLoop();
    readFrom(portTo("setTimeout(() => port.postMessage('stop'), 20); setTimeout(() => {}, 1e6);"));
    loop.callLater(1, push, "later");
    loop.runForeverSync();

    expect([trace, loop.time()]).toEqual([["stop"], 0]);
  });

  test("that end because the thread was terminated are readable", () => {
    readFrom(portTo("port.postMessage('a'); setTimeout(() => process.exit(), 20);"));
    loop.callLater(AGES, push, "x");
    loop.runForeverSync();

    expect(trace).toEqual(["a", "end"]);
  });
});

test("a thread that is blocked wakes within 5 ms of a message", async () => {
  const thread = startThread(`
    import { parentPort } from "node:worker_threads";
    import { provideInlets } from "./src/loop/hosts/blocking.ts";
    import { portInlets } from "./src/loop/hosts/ports.ts";
    import { newEventLoop, receiveMessage } from "./src/node.ts";

    provideInlets(portInlets);
    const loop = newEventLoop();
    const now = () => performance.timeOrigin + performance.now();
    loop.addReader(parentPort, () => {
      for (let got; (got = receiveMessage(parentPort)) !== undefined; ) {
        if (got.message === undefined) return loop.stop();
        parentPort.postMessage(now() - got.message);
      }
    });
    parentPort.postMessage("ready");
    loop.runForeverSync();
  `);
  threads.push(thread);
  const latencies: number[] = [];
  const answer = () => new Promise<unknown>((resolve) => thread.once("message", resolve));
  await answer();
  for (let i = 0; i < 100; i++) {
    const latency = answer();
    thread.postMessage(performance.timeOrigin + performance.now());
    latencies.push((await latency) as number);
    // Not in step with the thread.
    await new Promise((resolve) => setTimeout(resolve, i % 7));
  }
  thread.postMessage(undefined);
  latencies.sort((a, b) => a - b);
  const median = latencies[50] as number;
  console.log(
    `A blocked thread woke after ${median.toFixed(2)} ms (median), ` +
      `${latencies[95]?.toFixed(2)} ms (95 %) of a message`,
  );

  expect(median).toBeLessThan(5);
});

describe("what cannot happen on a blocked thread fails at once", () => {
  const cases: Record<string, () => Coroutine<unknown>> = {
    "a promise": () => fromPromise(new Promise(() => {})),
    "a promise that is settled": () => fromPromise(Promise.resolve()),
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

  test("a promise, also if a port is watched", () => {
    const { port1 } = new MessageChannel();
    loop.addReader(port1, push, "x");

    expect(() => loop.runUntilCompleteSync(Promise.resolve())).toThrow(DeadlockError);
    port1.close();
  });

  test("and the program can clean up", () => {
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

  test("as does a loop that has nothing left to do", () => {
    expect(() => loop.runForeverSync()).toThrow("Nothing is ready and no timer is pending");
  });
});

describe("a blocking loop", () => {
  test("times out as one that does not block", () => {
    expect(() => runSync(waitFor(sleep(AGES), 5))).toThrow(TimeoutError);
  });

  test("inside the callback of another loop is a RuntimeError that leaves nothing behind", async () => {
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

  test("inside the callback of another loop may have a clock that does not pass by itself", async () => {
    const main = function* (): Coroutine<string> {
      return runVirtually(() => sleep(AGES, "done"));
    };

    expect(await run(main)).toBe("done");
    expect(runSync(main)).toBe("done");
  });

  test("goes on afterwards as a guest", async () => {
    loop.callLater(1, () => loop.stop());
    loop.runForeverSync();

    expect(await loop.runUntilComplete(fromPromise(Promise.resolve("done")))).toBe("done");
  });

  test("calls what callSoonThreadsafe was given in the callback of another loop", () => {
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
