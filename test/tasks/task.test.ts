import { describe, expect } from "vitest";
import {
  type Coroutine,
  type Future,
  InvalidStateError,
  RuntimeError,
  sleep,
  type TaskPriority,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

/** The events on the loop until nothing was left to do, as one word. */
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
  test("starts through the ready queue", () => {
    loop.callSoon(() => trace.push("a"));
    loop.createTask(letters("b"));
    loop.callSoon(() => trace.push("c"));
    trace.push("|");

    expect(traced()).toBe("|abc");
  });

  test("alternates with other tasks, and only where they yield", () => {
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

  test("has its coroutine's exception", () => {
    const failure = new Error("failure");
    const task = loop.createTask(function* (): Coroutine<void> {
      yield;
      throw failure;
    });
    runDry(loop);

    expect(task.exception()).toBe(failure);
    expect(() => task.result()).toThrow(failure);
  });

  test("returns its result to each task that awaits it", () => {
    const task = loop.createTask(sleep(1, "result"));
    const waiters = [1, 2].map(() =>
      loop.createTask(function* (): Coroutine<string> {
        return yield* task;
      }),
    );
    runDry(loop);

    expect(waiters.map((waiter) => waiter.result())).toEqual(["result", "result"]);
  });

  test("throws if setResult() or setException() is called", () => {
    const task: { setResult(value?: unknown): void; setException(error?: unknown): void } =
      loop.createTask(sleep(1));

    expect(() => task.setResult(1)).toThrow(RuntimeError);
    expect(() => task.setException("failure")).toThrow(RuntimeError);
  });

  test("is kept alive by its loop, with the future it waits for, if nothing else refers to it", async () => {
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

  test("frees its slot when done", () => {
    loop.createTask(letters("ab"));
    loop.createTask(sleep(1));
    runDry(loop);

    expect([...loop._slots]).toEqual([]);
  });

  test("exposes its coroutine", () => {
    const coro = letters("a");

    expect(loop.createTask(coro).getCoro()).toBe(coro);
  });
});

describe("a task's name", () => {
  test("is Task-N by default, counting up", () => {
    const [one, other] = [loop.createTask(sleep(1)), loop.createTask(sleep(1))];
    const numbers = [one, other].map((task) => /^Task-(\d+)$/.exec(task.getName())?.[1]);

    expect(Number(numbers[1])).toBe(Number(numbers[0]) + 1);
  });

  test("can be set by an option or later", () => {
    const task = loop.createTask(sleep(1), { name: "given" });
    const given = task.getName();
    task.setName("set");

    expect([given, task.getName()]).toEqual(["given", "set"]);
  });
});

describe("a task's priority", () => {
  function start(word: string, priority?: TaskPriority): void {
    loop.createTask(letters(word), priority === undefined ? {} : { priority });
  }

  test("decides which of the ready tasks runs first", () => {
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

  test("applies to every step, and starves nothing", () => {
    start("abc", "background");
    start("xyz", "user-blocking");

    expect(traced()).toBe("xaybzc");
  });
});

test("createTask throws an InvalidStateError for a decorated coroutine object that already has a task", () => {
  const object = sleep(1);
  loop.createTask(object);

  expect(() => loop.createTask(object)).toThrow(InvalidStateError);
  expect([...loop._slots]).toHaveLength(1);
});
