import { beforeEach, describe, expect, test } from "vitest";
import { InvalidStateError } from "../../src/loop/errors.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import {
  type Coroutine,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
} from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { runVirtually } from "../support/virtualLoop.ts";

let trace: string[];

beforeEach(() => {
  trace = [];
});

const double = coroutine(function* (n: number): Coroutine<number> {
  yield* sleep(1);
  return 2 * n;
});

function* plainDouble(n: number): Coroutine<number> {
  yield* sleep(1);
  return 2 * n;
}

class Client {
  readonly #name = "client";

  @coroutine
  *greet(greeting: string, mark = "!"): Coroutine<string> {
    yield* sleep(1);
    return `${greeting} ${this.#name}${mark}`;
  }

  @coroutine
  static *make(): Coroutine<Client> {
    yield;
    return new this();
  }
}

describe("yield* of a coroutine", () => {
  test.each([
    ["decorated", double],
    ["plain", plainDouble],
  ])("gives the result of a %s one", (_, fn) => {
    expect(
      runVirtually(function* (): Coroutine<number> {
        return (yield* fn(1)) + (yield* fn(2));
      }),
    ).toBe(6);
  });

  test("runs it to its end as if it blocked, and lets others run meanwhile", () => {
    const inner = coroutine(function* (): Coroutine<void> {
      for (let i = 0; i < 3; i++) {
        trace.push("Hello");
        yield;
      }
    });
    runVirtually(function* (): Coroutine<void> {
      createTask(function* (): Coroutine<void> {
        for (let i = 0; i < 3; i++) {
          trace.push("-");
          yield;
        }
      });
      trace.push("Introducing");
      yield* inner();
      trace.push("World");
    });

    expect(trace.join(" ")).toBe("Introducing Hello - Hello - Hello - World");
  });

  test("throws what it throws, where it is awaited", () => {
    const failure = new Error("failure");
    const fail = coroutine(function* (): Coroutine<void> {
      yield;
      throw failure;
    });

    expect(
      runVirtually(function* (): Coroutine<unknown> {
        try {
          yield* fail();
        } catch (error) {
          return error;
        }
        return "nothing";
      }),
    ).toBe(failure);
  });

  test("can throw undefined", () => {
    const fail = coroutine(function* (): Coroutine<void> {
      yield;
      throw undefined;
    });

    expect(
      runVirtually(function* (): Coroutine<string> {
        try {
          yield* fail();
        } catch (error) {
          return `caught ${error}`;
        }
        return "nothing";
      }),
    ).toBe("caught undefined");
  });
});

describe("a decorated coroutine object runs once", () => {
  test("so awaiting it twice is an InvalidStateError", () => {
    expect(
      runVirtually(function* (): Coroutine<unknown> {
        const object = double(1);
        yield* object;
        try {
          yield* object;
        } catch (error) {
          return error;
        }
        return "nothing";
      }),
    ).toBeInstanceOf(InvalidStateError);
  });

  test("so making a task of it twice is an InvalidStateError", () => {
    runVirtually(function* (): Coroutine<void> {
      const object = double(1);
      createTask(object);
      expect(() => createTask(object)).toThrow(InvalidStateError);
    });
  });

  test("so awaiting what is a task is an InvalidStateError", () => {
    expect(
      runVirtually(function* (): Coroutine<unknown> {
        const object = double(1);
        createTask(object);
        try {
          yield* object;
        } catch (error) {
          return error;
        }
        return "nothing";
      }),
    ).toBeInstanceOf(InvalidStateError);
  });
});

describe("as a method decorator, coroutine", () => {
  test("keeps `this`, arguments and defaults", () => {
    const client = new Client();

    expect(runVirtually(client.greet("hello"))).toBe("hello client!");
    expect(runVirtually(client.greet("hello", "?"))).toBe("hello client?");
  });

  test("decorates static methods", () => {
    expect(runVirtually(Client.make())).toBeInstanceOf(Client);
  });

  test("keeps the method's name and length", () => {
    const { greet } = Client.prototype;

    expect([greet.name, greet.length, isCoroutineFunction(greet)]).toEqual(["greet", 1, true]);
  });
});

test("as a wrapper, coroutine keeps the function's name and length", () => {
  const wrapped = coroutine(function* original(a: number, b: number): Coroutine<number> {
    return a + b;
  });

  expect([wrapped.name, wrapped.length]).toEqual(["original", 2]);
});

test("isCoroutine tells coroutine objects from everything else", () => {
  const objects = [double(1), plainDouble(1), sleep(1), new Client().greet("hello")];
  const others = [double, plainDouble, [][Symbol.iterator](), Promise.resolve(), {}, null, "text"];

  expect(objects.map(isCoroutine)).toEqual([true, true, true, true]);
  expect(others.map(isCoroutine)).toEqual(others.map(() => false));
});

test("isCoroutineFunction tells functions that make coroutines from others", () => {
  const functions = [double, plainDouble, Client.make];
  const others = [() => double(1), async () => {}, async function* () {}, double(1), Client, null];

  expect(functions.map(isCoroutineFunction)).toEqual([true, true, true]);
  expect(others.map(isCoroutineFunction)).toEqual(others.map(() => false));
});
