// The stacks of tasks that run calls for others.

import { afterEach, beforeEach, expect, test } from "vitest";
import { beginServing, endServing } from "../../src/executors/servedCalls.ts";
import { runServed } from "../../src/executors/work.ts";
import { defineTask, FleetExecutor, memoryEngine } from "../../src/fleet.ts";
import { type Coroutine, coroutine, type EventLoop, sleep } from "../../src/index.ts";
import { Reader } from "../../src/inspector/reader.ts";
import type { LoopShape } from "../../src/inspector/shapes.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => loop.close());

const inner = coroutine(function* innerBody(): Coroutine<void> {
  yield* sleep(1);
  yield* sleep(1_000);
});

function* outerBody(): Coroutine<void> {
  yield* inner();
}

const outer = defineTask(import.meta.url, "outer", outerBody);

/** For each task, whether each of its generators, outermost first, is that of `outerBody`. */
function stacksOf(running: object): string[][] {
  const { generators } = new Reader().read(running as LoopShape);
  const isOuter = (one: object) => Object.getPrototypeOf(one) === outerBody.prototype;
  return generators.map((stack) => stack.map((one) => (isOuter(one) ? "outer" : "other")));
}

test("the stack of a task that runs a fleet call contains the called coroutine and what that awaits", () => {
  const fleet = new FleetExecutor({ engine: memoryEngine() });
  let stacks: string[][] = [];
  loop.runUntilCompleteSync(function* main() {
    loop.createTask(fleet.call(outer));
    yield* sleep(10);
    stacks = stacksOf(loop);
  });

  expect(stacks).toContainEqual(["other", "outer", "other"]);
});

test("the stack of a task that runs a call in a thread contains the called coroutine and what that awaits", async () => {
  const served = beginServing("key", "outer", 0);
  const controller = new AbortController();
  const ended = runServed(controller.signal, outerBody()).catch((error: unknown) => error);
  const running: Set<object> = Reflect.get(globalThis, Symbol.for("mysyncio.loops"));
  // The generators of the task itself, of `withSignal`, of the call, and of `inner`.
  await expect
    .poll(() => Array.from(running, stacksOf).flat(), { timeout: 60_000 })
    .toContainEqual(["other", "other", "outer", "other"]);
  controller.abort();
  await ended;
  endServing(served);
});
