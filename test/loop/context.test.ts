// The value of a context variable, as seen from each place. One file, because each case is a row of
// the same table.

import { beforeEach, describe, expect } from "vitest";
import {
  Context,
  ContextVar,
  type Coroutine,
  copyContext,
  coroutine,
  createTask,
  gather,
  LookupError,
  RuntimeError,
  sleep,
  type Token,
} from "../../src/index.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let name: ContextVar<string>;

beforeEach(() => {
  name = new ContextVar("name", { default: "nobody" });
});

const log = () => trace.push(name.get());

describe("a context variable", () => {
  test("returns its value, otherwise the fallback, otherwise the default", () => {
    const bare = new ContextVar<number>("bare");
    expect([name.get(), name.get("fallback"), bare.get(1)]).toEqual(["nobody", "fallback", 1]);
    bare.set(0);
    expect([bare.get(), bare.get(1)]).toEqual([0, 0]);
  });

  test("accepts undefined as a value, a fallback and a default", () => {
    const variable = new ContextVar<undefined>("v", { default: undefined });
    const bare = new ContextVar<undefined>("bare");
    expect([variable.get(), bare.get(undefined)]).toEqual([undefined, undefined]);
  });

  test("throws a LookupError with its name if it has neither a value nor a default", () => {
    const find = () => new ContextVar("requestId").get();
    expect(find).toThrow(LookupError);
    expect(find).toThrow('"requestId"');
  });

  test("rejects a name that is not a string", () => {
    expect(() => new ContextVar(1 as never)).toThrow("Expected `name` to be a string, got `1`");
  });
});

describe("a token", () => {
  test("restores the previous value, or its absence", () => {
    const bare = new ContextVar<number>("bare");
    const first = bare.set(1);
    const second = bare.set(2);
    bare.reset(second);
    trace.push(String(bare.get()));
    bare.reset(first);
    trace.push(String(bare.get(Number.NaN)));
    expect(trace).toEqual(["1", "NaN"]);
    expect([first.oldValue, second.oldValue, first.variable]).toEqual([undefined, 1, bare]);
  });

  test("can be used only once", () => {
    const token = name.set("a");
    name.reset(token);
    expect(() => name.reset(token)).toThrow(RuntimeError);
  });

  test("works only for its own variable, and only for its own context", () => {
    const token = name.set("a");
    expect(() => new ContextVar<string>("other").reset(token)).toThrow(RangeError);
    expect(() => copyContext().run(() => name.reset(token))).toThrow(RangeError);
    expect(() => name.reset({} as Token<string>)).toThrow(TypeError);
    name.reset(token);
    expect(name.get()).toBe("nobody");
  });
});

describe("a context", () => {
  test("runs a function with its own values, and keeps the function's changes", () => {
    const context = new Context();
    const result = context.run(
      (a, b) => {
        name.set("inside");
        return a + b;
      },
      1,
      2,
    );
    expect([result, name.get(), context.get(name), context.run(() => name.get())]).toEqual([
      3,
      "nobody",
      "inside",
      "inside",
    ]);
  });

  test("is left when the function throws", () => {
    const context = new Context();
    expect(() =>
      context.run(() => {
        name.set("inside");
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(name.get()).toBe("nobody");
  });

  test("can be entered inside another one, but not inside itself", () => {
    const outer = new Context();
    outer.run(() => {
      name.set("outer");
      copyContext().run(() => {
        name.set("inner");
        log();
        expect(() => outer.run(log)).toThrow(RuntimeError);
      });
      log();
    });
    expect(trace).toEqual(["inner", "outer"]);
  });

  test("is not affected by changes to its copy", () => {
    const context = new Context();
    context.run(() => name.set("a"));
    const copy = context.copy();
    expect(copy.get(name)).toBe("a");
    copy.run(() => name.set("b"));
    expect([context.get(name), copy.get(name)]).toEqual(["a", "b"]);
  });

  test("lists the variables that have a value", () => {
    const context = new Context();
    expect([context.size, context.has(name), context.get(name), context.get(name, 1)]).toEqual([
      0,
      false,
      undefined,
      1,
    ]);
    context.run(() => name.set("a"));
    expect([context.size, context.has(name)]).toEqual([1, true]);
    expect([[...context], [...context.keys()], [...context.values()]]).toEqual([
      [[name, "a"]],
      [name],
      ["a"],
    ]);
  });
});

describe("a task", () => {
  test("starts with a copy of its creator's values, and keeps its changes to itself", () => {
    name.set("outermost");
    const task = loop.createTask(function* () {
      log();
      name.set("task");
      const child = loop.createTask(function* () {
        log();
        name.set("child");
        yield;
        log();
      });
      name.set("later");
      yield* child;
      log();
    });
    name.set("changed");
    runDry(loop);
    task.result();
    expect(trace).toEqual(["outermost", "task", "child", "later"]);
    expect(name.get()).toBe("changed");
  });

  test("still has its own values after each wait, while other tasks run", () => {
    runVirtually(function* () {
      const worker = coroutine(function* (who: string): Coroutine<void> {
        name.set(who);
        for (let i = 0; i < 3; i++) {
          yield* sleep(10);
          log();
          yield;
          log();
        }
      });
      yield* gather([worker("a"), worker("b")]);
      log();
    });
    expect(trace).toEqual([..."abababababab", "nobody"]);
  });

  test("shares its values with the coroutines it awaits by yield*", () => {
    runVirtually(function* () {
      yield* coroutine(function* (): Coroutine<void> {
        name.set("callee");
        yield;
      })();
      log();
    });
    expect(trace).toEqual(["callee"]);
  });

  test("runs in the passed context itself, not in a copy", () => {
    const context = new Context();
    const task = loop.createTask(
      function* () {
        name.set("task");
        yield;
      },
      { context },
    );
    runDry(loop);
    expect([context.get(name), task.getContext()]).toEqual(["task", context]);
  });

  test("has a context even if nothing has ever been set", () => {
    const task = loop.createTask(function* () {
      yield;
      log();
    });
    task.getContext().run(() => name.set("from outside"));
    runDry(loop);
    expect(trace).toEqual(["from outside"]);
  });

  test("has its own values from its first step if it is started eagerly", () => {
    runVirtually(function* () {
      name.set("parent");
      createTask(
        function* () {
          name.set("child");
          yield;
          log();
        },
        { eagerStart: true },
      );
      log();
      yield;
      yield;
    });
    expect(trace).toEqual(["parent", "child"]);
  });

  test("rejects an invalid context", () => {
    expect(() => loop.createTask(function* () {}, { context: {} as Context })).toThrow(
      "Expected `context` to be a Context",
    );
  });
});

describe("a callback", () => {
  test("runs with the values from when it was scheduled, and its changes end with it", () => {
    name.set("first");
    loop.callSoon(() => {
      log();
      name.set("callback");
      log();
      loop.callSoon(log);
    });
    loop.callLater(10, log);
    name.set("second");
    loop.callSoon(log);
    runDry(loop);
    expect(trace).toEqual(["first", "callback", "second", "callback", "first"]);
    expect(name.get()).toBe("second");
  });

  test("sees the value that it sets until it ends, even if no variable was set before", () => {
    loop.callSoon(() => {
      name.set("mine");
      log();
    });
    loop.callSoon(log);
    runDry(loop);
    expect(trace).toEqual(["mine", "nobody"]);
  });

  test("of a future runs with the values from when the callback was added, or in the given context", () => {
    const context = new Context();
    const future = loop.createFuture<void>();
    name.set("adder");
    future.addDoneCallback(log);
    future.addDoneCallback(
      () => {
        log();
        name.set("given");
      },
      { context },
    );
    name.set("finisher");
    future.setResult();
    future.addDoneCallback(log, { context });
    runDry(loop);
    expect([trace, context.get(name)]).toEqual([["adder", "nobody", "given"], "given"]);
    expect(() => future.addDoneCallback(log, { context: 1 as never })).toThrow(TypeError);
  });

  test("of a future is removed by passing its function, whatever its context", () => {
    const future = loop.createFuture<void>();
    name.set("some");
    future.addDoneCallback(log);
    expect(future.removeDoneCallback(log)).toBe(1);
  });

  test("keeps its name in reports", () => {
    name.set("some");
    const messages: string[] = [];
    loop.setExceptionHandler((_loop, { message }) => messages.push(message));
    loop.callSoon(function breaks() {
      throw new Error("no");
    });
    runDry(loop);
    expect(messages[0]).toContain("breaks");
  });

  test("of a loop that runs inside another loop's callback has its own values", () => {
    const inner = newVirtualLoop();
    new Context().run(() => {
      name.set("outer");
      inner.callSoon(() => name.set("inner"));
      runDry(inner);
      log();
    });
    expect(trace).toEqual(["outer"]);
  });
});
