// Tasks and callbacks follow AsyncLocalStorage, which Node's loggers and tracers rely on.

import { AsyncLocalStorage } from "node:async_hooks";
import { beforeEach, expect, test } from "vitest";
import {
  ContextVar,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  type EventLoop,
  moveOnAfter,
  sleep,
} from "../src/index.ts";
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

test("each step of a task runs in the context in which the task was created", () => {
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

test("a cancelled task cleans up in its own context", () => {
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

test("when a timeout cancels a task, the abort listeners run in the task's context", () => {
  storage.run("task", () =>
    loop.createTask(function* () {
      currentTask()?.signal.addEventListener("abort", log);
      yield* moveOnAfter(10, () => sleep(100));
    }),
  );
  storage.run("loop", () => runDry(loop));
  expect(trace).toEqual(["task"]);
});

test("without `asyncContext`, a task and its children keep the store of the code that started the task, even if a child is created in another store", () => {
  const plain = newVirtualLoop();
  storage.run("a", () =>
    plain.createTask(function* () {
      yield* storage.run("b", () => createTask(worker()));
    }),
  );
  runDry(plain);
  expect(trace).toEqual(["a", "a", "a"]);
});
