import { beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  InvalidStateError,
  isCoroutine,
  isCoroutineFunction,
  sleep,
} from "../../src/index.ts";
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
  ])("returns the result of a %s one", (_, fn) => {
    expect(
      runVirtually(function* (): Coroutine<number> {
        return (yield* fn(1)) + (yield* fn(2));
      }),
    ).toBe(6);
  });

  test("runs the coroutine to its end while other tasks run", () => {
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

  test("throws the coroutine's exception where it is awaited", () => {
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

  test("throws undefined if the coroutine throws undefined", () => {
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

describe("a decorated coroutine object", () => {
  test("throws an InvalidStateError when it is awaited twice", () => {
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

  test("throws an InvalidStateError when a second task is made from it", () => {
    runVirtually(function* (): Coroutine<void> {
      const object = double(1);
      createTask(object);
      expect(() => createTask(object)).toThrow(InvalidStateError);
    });
  });

  test("throws an InvalidStateError when it is awaited after a task was made from it", () => {
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

describe("coroutine as a method decorator", () => {
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

test("coroutine as a wrapper keeps the function's name and length", () => {
  const wrapped = coroutine(function* original(a: number, b: number): Coroutine<number> {
    return a + b;
  });

  expect([wrapped.name, wrapped.length]).toEqual(["original", 2]);
});

test("isCoroutine distinguishes coroutine objects from everything else", () => {
  const objects = [double(1), plainDouble(1), sleep(1), new Client().greet("hello")];
  const others = [double, plainDouble, [][Symbol.iterator](), Promise.resolve(), {}, null, "text"];

  expect(objects.map(isCoroutine)).toEqual([true, true, true, true]);
  expect(others.map(isCoroutine)).toEqual(others.map(() => false));
});

test("isCoroutineFunction distinguishes functions that return coroutines from others", () => {
  const functions = [double, plainDouble, Client.make];
  const others = [() => double(1), async () => {}, async function* () {}, double(1), Client, null];

  expect(functions.map(isCoroutineFunction)).toEqual([true, true, true]);
  expect(others.map(isCoroutineFunction)).toEqual(others.map(() => false));
});
