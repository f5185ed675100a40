import { describe, expect, test } from "vitest";
import {
  coroutine,
  createTask,
  ExceptionGroup,
  formatException,
  fromPromise,
  gather,
  Lock,
  mapConcurrent,
  race,
  retry,
  run,
  shield,
  sleep,
  type TaskGroup,
  taskGroup,
  timeout,
  toPromise,
} from "../../src/index.ts";
import { explore, ScheduleError } from "../../src/testing.ts";

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function fail(): never {
  throw new Error("from a getter");
}

/** An object or error whose properties can't be read. */
function unreadable<T extends object>(target: T): T {
  // The stack is formatted when it is replaced, which reads the name.
  const keys = ["stack", "name", "message", "cause", "errors", "constructor"];
  Object.defineProperties(target, Object.fromEntries(keys.map((key) => [key, { get: fail }])));
  return Object.defineProperty(target, "toString", { value: fail });
}

const THROWN: [what: string, value: unknown][] = [
  ["a revoked proxy", revoked()],
  ["an object without a prototype", Object.create(null)],
  ["an error with getters that throw", unreadable(new Error("hidden"))],
  ["an object with getters that throw", unreadable({})],
  ["a proxy whose traps throw", new Proxy({}, { get: fail, getPrototypeOf: fail, has: fail })],
  ["a symbol", Symbol("odd")],
  ["undefined", undefined],
];

describe.each(THROWN)("%s as a thrown value", (_, value) => {
  const thrower = function* () {
    yield;
    throw value;
  };
  const child = function* (group: TaskGroup) {
    group.createTask(thrower);
  };

  test.each([
    ["a task", thrower],
    ["a task started eagerly", () => createTask(thrower, { eagerStart: true })],
    ["a decorated coroutine", coroutine(thrower)],
    ["a task in a gather", () => gather([thrower, sleep(1)])],
    ["a race", () => race([thrower, sleep(1)])],
    ["a shield", () => shield(thrower)],
    ["a timeout", () => timeout(1_000, thrower)],
    ["a retry", () => retry(thrower, { delay: 0, attempts: 2 })],
    ["a lock's block", () => new Lock().with(thrower)],
    ["mapConcurrent", () => mapConcurrent([1, 2], thrower)],
    ["an unwrapped group", () => taskGroup(child, { unwrap: true })],
    ["a promise", () => fromPromise(Promise.reject(value))],
    ["a coroutine as a promise", () => fromPromise(toPromise(thrower))],
  ] as const)("comes out of %s unchanged", async (_name, main) => {
    for (const debug of [false, true]) {
      const outcome = await run(main as typeof thrower, { debug }).then(
        () => expect.unreachable(),
        (reason: unknown) => ({ reason }),
      );

      expect(Object.is(outcome.reason, value)).toBe(true);
    }
  });

  test("can be one of a group's errors", async () => {
    const group = await run(
      taskGroup(function* () {
        throw value;
      }),
    ).catch((error) => error);

    expect(group).toBeInstanceOf(ExceptionGroup);
    expect(Object.is(group.unwrap(), value)).toBe(true);
    expect(group.split(TypeError)[0]).toBeUndefined();
  });

  test("is formatted", () => {
    expect(formatException(value)).not.toBe("");
    expect(formatException(new AggregateError([value, 1], "two"))).toContain("├── ");
    const cause = new Error("inner", { cause: value });
    expect(formatException(new Error("outer", { cause }))).toContain("caused by Error: inner");
  });

  test("is found by explore, for coroutines and async functions", async () => {
    for (const main of [thrower, async () => Promise.reject(value)]) {
      const error = await explore(main, { runs: 3 }).catch((reason) => reason);

      expect(error).toBeInstanceOf(ScheduleError);
      expect(error.message).toContain("`main` failed: ");
      expect(Object.is(error.cause, value)).toBe(true);
    }
  });
});

describe("formatException", () => {
  test("replaces what it can't read", () => {
    const error = Object.defineProperty(new Error("hidden"), "stack", { value: "" });
    const inner = Object.defineProperty(new TypeError("inner"), "stack", { value: "" });
    Object.defineProperty(inner, "name", { get: fail });
    Object.defineProperty(error, "message", { get: fail });
    Object.defineProperty(error, "cause", { value: inner });

    expect(formatException(error)).toBe("Error: (unreadable)\ncaused by (unreadable): inner");
    expect(formatException(Object.create(null))).toBe("(unreadable)");
    expect(formatException(revoked())).toBe("(unreadable)");
  });
});

test.each([
  ["a revoked proxy", revoked()],
  ["an object with getters that throw", Object.defineProperty({}, "then", { get: fail })],
])("yielding %s throws in the coroutine", async (_, value) => {
  const main = function* () {
    try {
      yield value as never;
    } catch (error) {
      return error;
    }
    return undefined;
  };

  expect(await run(main)).toBeInstanceOf(Error);
});
