// The context in which the exception handler runs, and the task that its reports name.

import { expect, test } from "vitest";
import {
  ContextVar,
  type Coroutine,
  type ExceptionContext,
  Future,
  iterate,
  newEventLoop,
  sleep,
  type Task,
} from "../../src/index.ts";
import { collectGarbage } from "../support/garbage.ts";

const request = new ContextVar<string>("request");

function reporting() {
  const loop = newEventLoop();
  const seen: { readonly id: string; readonly context: ExceptionContext }[] = [];
  loop.setExceptionHandler((_, context) => seen.push({ id: request.get("none"), context }));
  return { loop, seen };
}

function* failing(id: string): Coroutine<void> {
  request.set(id);
  yield;
  throw new Error(id);
}

test("the exception handler runs in the context of a task with an unretrieved exception, and receives the task", async () => {
  const { loop, seen } = reporting();
  const tasks = ["a", "b"].map((id) => loop.createTask(failing(id), { name: id }));
  await loop.runUntilComplete(function* (): Coroutine<void> {
    request.set("main");
    for (let i = 0; i < 5; i++) yield;
  });
  await new Promise((resolve) => setTimeout(resolve));
  loop.close();

  expect(seen.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(seen.every(({ context }, index) => context.task === tasks[index])).toBe(true);
});

test("the exception handler runs in the context of a task that was collected, and receives its name", async () => {
  const { loop, seen } = reporting();
  await loop.runUntilComplete(function* (): Coroutine<void> {
    request.set("main");
    loop.createTask(failing("lost"), { name: "lost one" });
    for (let i = 0; i < 5; i++) yield;
  });
  await collectGarbage(() => seen.length > 0);
  loop.close();

  expect(seen.map(({ id }) => id)).toEqual(["lost"]);
  const task = seen[0]?.context.task as Task<unknown> | undefined;
  expect(task?.getName()).toBe("lost one");
});

test("the report of a failed future names the future", async () => {
  const { loop, seen } = reporting();
  const future = loop.createFuture<void>();
  future.setException(new Error("failure"));
  await new Promise((resolve) => setTimeout(resolve));
  loop.close();

  expect(seen[0]?.context.future).toBe(future);
  expect(seen[0]?.context.future).toBeInstanceOf(Future);
});

test("the exception handler runs in the context that a callback or a timer has set or inherited", async () => {
  const { loop, seen } = reporting();
  await loop.runUntilComplete(function* (): Coroutine<void> {
    request.set("inherited");
    loop.callSoon(() => {
      throw new Error("1");
    });
    loop.callLater(1, () => {
      request.set("set");
      throw new Error("2");
    });
    const end = loop.createFuture<void>();
    loop.callLater(5, () => end.setResult());
    yield* end;
  });
  loop.close();

  expect(seen.map(({ id }) => id)).toEqual(["inherited", "set"]);
});

test("a handler called for a task without variables does not see the caller's variables", async () => {
  const { loop, seen } = reporting();
  await loop.runUntilComplete(function* (): Coroutine<void> {
    const plain = loop.createTask(function* (): Coroutine<void> {
      yield;
    });
    yield* plain;
    request.set("caller");
    loop.callExceptionHandler({ message: "by hand", task: plain });
    loop.callExceptionHandler({ message: "by hand" });
  });
  loop.close();

  expect(seen.map(({ id }) => id)).toEqual(["none", "caller"]);
  expect(request.get("none")).toBe("none");
});

test("the error of a source that fails after its reader has ended is reported in the reader's context, and names the reader", async () => {
  const { loop, seen } = reporting();
  const reader = loop.createTask(function* (): Coroutine<void> {
    request.set("reader");
    const items = iterate(
      (async function* () {
        try {
          yield 1;
          yield 2;
        } finally {
          await Promise.reject(new Error("closing"));
        }
      })(),
    );
    yield* items.next();
  });
  await loop.runUntilComplete(function* (): Coroutine<void> {
    yield* reader;
    while (seen.length === 0) yield* sleep(1);
  });
  loop.close();

  expect(seen).toMatchObject([{ id: "reader" }]);
  expect(seen[0]?.context.task).toBe(reader);
});
