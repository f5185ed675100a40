import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { InvalidStateError, RuntimeError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Future } from "../../src/tasks/future.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { TaskPriority } from "../../src/tasks/task.ts";
import { hostTimer } from "../support/host.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

/** What the loop did until nothing was left, as one word. */
function traced(): string {
  runDry(loop);
  return trace.join("");
}

function* letters(word: string): Coroutine<string> {
  for (const letter of word) {
    trace.push(letter);
    yield;
  }
  return word;
}

describe("a task", () => {
  test("begins through the ready queue", () => {
    loop.callSoon(() => trace.push("a"));
    loop.createTask(letters("b"));
    loop.callSoon(() => trace.push("c"));
    trace.push("|");

    expect(traced()).toBe("|abc");
  });

  test("takes turns with others, and only where they yield", () => {
    loop.createTask(letters("abc"));
    loop.createTask(letters("xyz"));

    expect(traced()).toBe("axbycz");
  });

  test("goes to the back of the ready queue at a bare yield", () => {
    loop.createTask(letters("ab"));
    loop.callSoon(() => loop.callSoon(() => trace.push("x")));

    expect(traced()).toBe("abx");
  });

  test("has the result of its coroutine", () => {
    const task = loop.createTask(letters("ab"));
    const before = task.done();
    runDry(loop);

    expect([before, task.done(), task.result(), task.exception()]).toEqual([
      false,
      true,
      "ab",
      undefined,
    ]);
  });

  test("has the exception of its coroutine", () => {
    const failure = new Error("failure");
    const task = loop.createTask(function* (): Coroutine<void> {
      yield;
      throw failure;
    });
    runDry(loop);

    expect(task.exception()).toBe(failure);
    expect(() => task.result()).toThrow(failure);
  });

  test("is awaited by other tasks, each of which gets its result", () => {
    const task = loop.createTask(sleep(1, "result"));
    const waiters = [1, 2].map(() =>
      loop.createTask(function* (): Coroutine<string> {
        return yield* task;
      }),
    );
    runDry(loop);

    expect(waiters.map((waiter) => waiter.result())).toEqual(["result", "result"]);
  });

  test("gets no outcome from outside", () => {
    const task: { setResult(value?: unknown): void; setException(error?: unknown): void } =
      loop.createTask(sleep(1));

    expect(() => task.setResult(1)).toThrow(RuntimeError);
    expect(() => task.setException("failure")).toThrow(RuntimeError);
  });

  test("is kept by its loop, with what it waits for, though nobody else has it", async () => {
    const futures: WeakRef<Future<string>>[] = [];
    for (const letter of "abc") {
      loop.createTask(function* (): Coroutine<void> {
        const future = loop.createFuture<string>();
        futures.push(new WeakRef(future));
        trace.push(letter + (yield* future));
      });
    }
    runDry(loop);
    await hostTimer();
    (globalThis as unknown as { gc: () => void }).gc();
    for (const future of futures) future.deref()?.setResult("!");

    expect(traced()).toBe("a!b!c!");
  });

  test("gives its slot back when it is done", () => {
    loop.createTask(letters("ab"));
    loop.createTask(sleep(1));
    runDry(loop);

    expect([...loop._slots]).toEqual([]);
  });

  test("tells which coroutine it runs", () => {
    const coro = letters("a");

    expect(loop.createTask(coro).getCoro()).toBe(coro);
  });
});

describe("the name of a task", () => {
  test("is Task-N by default, and counts up", () => {
    const [one, other] = [loop.createTask(sleep(1)), loop.createTask(sleep(1))];
    const numbers = [one, other].map((task) => /^Task-(\d+)$/.exec(task.getName())?.[1]);

    expect(Number(numbers[1])).toBe(Number(numbers[0]) + 1);
  });

  test("is given by an option, and can be set", () => {
    const task = loop.createTask(sleep(1), { name: "given" });
    const given = task.getName();
    task.setName("set");

    expect([given, task.getName()]).toEqual(["given", "set"]);
  });
});

describe("the priority of a task", () => {
  function start(word: string, priority?: TaskPriority): void {
    loop.createTask(letters(word), priority === undefined ? {} : { priority });
  }

  test("decides which of those that are ready comes first", () => {
    start("a", "background");
    start("b");
    start("c", "user-blocking");
    start("d", "user-visible");

    expect(traced()).toBe("cbda");
  });

  test("keeps the order of arrival among equals", () => {
    for (const letter of "abc") start(letter, "background");
    for (const letter of "xyz") start(letter, "user-blocking");

    expect(traced()).toBe("xyzabc");
  });

  test("holds for every step, and starves nobody", () => {
    start("abc", "background");
    start("xyz", "user-blocking");

    expect(traced()).toBe("xaybzc");
  });
});

test("a task that is made of a decorated coroutine object twice is an InvalidStateError", () => {
  const object = sleep(1);
  loop.createTask(object);

  expect(() => loop.createTask(object)).toThrow(InvalidStateError);
  expect([...loop._slots]).toHaveLength(1);
});
