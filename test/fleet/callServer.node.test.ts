// Tests what a worker reports about a call that it must stop, and how many calls it runs at a time.

import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { threadSignal } from "../../src/executors/work.ts";
import { CallServer, type ThreadRunner } from "../../src/fleet/callServer.ts";
import { defaultCodec, encode } from "../../src/fleet/codec.ts";
import type { CallOutcome, Delivery, StopReason, WireCall } from "../../src/fleet/engine.ts";
import { TaskRegistry } from "../../src/fleet/registry.ts";
import {
  CancelledError,
  type Coroutine,
  type Future,
  newEventLoop,
  sleep,
} from "../../src/index.ts";

function callNamed(id: string, attempts: number): WireCall {
  return {
    ...{ id, client: "c", task: "wait", args: encode(defaultCodec, "x", []) },
    ...{ attempts, retriesErrors: false, grace: 1_000, priority: 1, delay: 0, keep: 0 },
    ...{ backoff: { delay: 0, factor: 1 } as never, isDetached: false },
  };
}

function* waitLong(): Coroutine<void> {
  yield* sleep(60_000);
}

/** What a worker does with a running call of two attempts when it must stop that call. */
async function afterStop(
  reason: StopReason,
  begun: number,
  wait: () => unknown = waitLong,
): Promise<string> {
  const registry = new TaskRegistry();
  registry.addFunction("wait", wait);
  const loop = newEventLoop();
  const call = callNamed("a", 2);
  let stop: (reason: StopReason) => void = () => undefined;
  const result = new Promise<string>((resolve) => {
    const delivery: Delivery = {
      ...{ call, begun, unknownFor: 0, timeLeft: Infinity, loop },
      onStop(callback) {
        stop = callback;
      },
      end: ({ kind }: CallOutcome) => resolve(kind),
      retry: () => resolve("given back"),
      putBack: () => resolve("put back"),
      progress: () => undefined,
    };
    new CallServer({ name: "w", registry }).handle(delivery);
  });
  loop.callLater(5, () => stop(reason));
  void result.then(() => loop.stop());
  await loop.runForever();
  loop.close();
  return await result;
}

test("a call whose lease is lost goes back to the queue, or ends as lost if no attempt is left", async () => {
  expect(await afterStop("lost", 1)).toBe("given back");
  expect(await afterStop("lost", 2)).toBe("lost");
});

test("a call that its client cancels ends as cancelled", async () => {
  expect(await afterStop("cancelled", 1)).toBe("cancelled");
});

test("a call that throws an AbortError because it must stop counts as stopped, not as failed", async () => {
  const abortable = async () => {
    await delay(60_000, undefined, { signal: threadSignal() });
  };

  expect(await afterStop("cancelled", 1, abortable)).toBe("cancelled");
  expect(await afterStop("lost", 1, abortable)).toBe("given back");
});

test("a worker's loop runs at most `concurrency` calls, and the others wait in order", async () => {
  const loop = newEventLoop();
  const trace: string[] = [];
  const endings: Future<void>[] = [];
  const registry = new TaskRegistry();
  registry.addFunction("wait", function* () {
    const end = loop.createFuture<void>();
    trace.push(`call ${endings.push(end)} begins`);
    yield* end;
  });
  const stops = new Map<string, (reason: StopReason) => void>();
  const server = new CallServer({ name: "w", registry, loop: () => loop, concurrency: 2 });
  for (const id of ["a", "b", "c", "d", "e", "f"]) {
    server.handle({
      ...{ call: callNamed(id, 1), begun: 1, unknownFor: 0, timeLeft: Infinity },
      onStop: (callback) => void stops.set(id, callback),
      end: ({ kind }) => void trace.push(`${id}: ${kind}`),
      retry: () => void trace.push(`${id}: given back`),
      putBack: (delay) => void trace.push(`${id}: put back for ${delay} ms`),
      progress: () => undefined,
    });
  }
  await loop.runUntilComplete(sleep(5));
  trace.push("c is cancelled");
  stops.get("c")?.("cancelled");
  endings[0]?.setResult();
  await loop.runUntilComplete(sleep(5));
  trace.push("the worker stops");
  server.stop();
  await loop.runUntilComplete(sleep(5));
  await server.idle();
  loop.close();

  expect(trace).toEqual([
    ...["call 1 begins", "call 2 begins"],
    ...["c is cancelled", "c: cancelled", "a: value", "call 3 begins"],
    ...["the worker stops", "e: put back for 0 ms", "f: put back for 0 ms", "b: lost", "d: lost"],
  ]);
});

test("a call that waits for a thread has not begun, so a worker that stops puts it back", async () => {
  const trace: string[] = [];
  const endings: (() => void)[] = [];
  const registry = new TaskRegistry();
  registry.addFunction("wait", () => undefined);
  const threads: ThreadRunner = {
    maxThreads: 1,
    start(_task, { id }, _report, onEnd) {
      trace.push(`${id} begins`);
      endings.push(() => onEnd(false, "[1]"));
      // A cancelled call ends at once, as with a grace period of zero.
      return { cancel: () => onEnd(true, new CancelledError()) };
    },
  };
  const server = new CallServer({ name: "w", registry, threads });
  for (const id of ["a", "b", "c", "d"]) {
    server.handle({
      ...{ call: callNamed(id, 1), begun: 1, unknownFor: 0, timeLeft: Infinity },
      onStop: () => undefined,
      end: ({ kind }) => void trace.push(`${id}: ${kind}`),
      retry: () => void trace.push(`${id}: given back`),
      putBack: (delay) => void trace.push(`${id}: put back for ${delay} ms`),
      progress: () => undefined,
    });
  }
  endings[0]?.();
  trace.push("the worker stops");
  server.stop();
  await server.idle();

  expect(trace).toEqual([
    ...["a begins", "a: value", "b begins", "the worker stops"],
    ...["c: put back for 0 ms", "d: put back for 0 ms", "b: lost"],
  ]);
});
