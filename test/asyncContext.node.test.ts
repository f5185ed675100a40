// AsyncLocalStorage, which loggers and tracers of Node rely on, follows tasks and callbacks.

import { AsyncLocalStorage } from "node:async_hooks";
import { beforeEach, expect, test } from "vitest";
import type { EventLoop } from "../src/eventLoop.ts";
import { ContextVar } from "../src/loop/context.ts";
import { currentTask } from "../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../src/tasks/coroutine.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { moveOnAfter } from "../src/tasks/timeout.ts";
import { newVirtualLoop, runDry } from "./support/virtualLoop.ts";

const storage = new AsyncLocalStorage<string>();
let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop({ asyncContext: true });
  trace = [];
});

const log = () => trace.push(storage.getStore() ?? "none");

const worker = coroutine(function* (): Coroutine<void> {
  log();
  yield;
  log();
  yield* sleep(10);
  log();
});

test("each step of a task runs in the context in which the task was made", () => {
  const tasks = ["a", "b"].map((name) => storage.run(name, () => loop.createTask(worker())));
  storage.run("outside", () => runDry(loop));
  for (const task of tasks) task.result();
  expect(trace.join("")).toBe("ababab");
});

test("a callback runs in the context in which it was scheduled, with its context variables", () => {
  const variable = new ContextVar<string>("v", { default: "default" });
  variable.set("set");
  const both = () => trace.push(`${storage.getStore()} ${variable.get()}`);
  const future = loop.createFuture<void>();
  storage.run("soon", () => loop.callSoon(both));
  storage.run("later", () => loop.callLater(10, both));
  storage.run("done", () => future.addDoneCallback(both));
  storage.run("setter", () => future.setResult());
  runDry(loop);
  expect(trace).toEqual(["soon set", "done set", "later set"]);
});

test("a task that is cancelled cleans up in its context", () => {
  const task = storage.run("a", () =>
    loop.createTask(function* () {
      try {
        yield* sleep(100);
      } finally {
        log();
      }
    }),
  );
  loop.callLater(10, () => task.cancel());
  runDry(loop);
  expect([trace, task.cancelled()]).toEqual([["a"], true]);
});

test("who hears that a timeout cancels a task does so in the context of the task", () => {
  storage.run("task", () =>
    loop.createTask(function* () {
      currentTask()?.signal.addEventListener("abort", log);
      yield* moveOnAfter(10, () => sleep(100));
    }),
  );
  storage.run("loop", () => runDry(loop));
  expect(trace).toEqual(["task"]);
});

test("without the option nothing is kept", () => {
  const plain = newVirtualLoop();
  storage.run("a", () => plain.createTask(worker()));
  runDry(plain);
  expect(trace).toEqual(["none", "none", "none"]);
});
