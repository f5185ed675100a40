import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  ExceptionGroup,
  formatException,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

/** Replaces exact locations. */
function shapeOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/(\s(?:at )?)\S.*formatException\.test.*$/, "$1HERE"));
}

function* fetchUser(): Coroutine<never> {
  yield* sleep(1);
  throw new TypeError("no user", { cause: "a string" });
}

function* fetchAll(): Coroutine<never> {
  yield* taskGroup(function* (group) {
    group.createTask(fetchUser);
  });
  throw new Error("never");
}

const failure = () =>
  caught(() =>
    runVirtually(
      taskGroup(function* (group) {
        group.createTask(fetchUser);
        group.createTask(fetchAll);
      }),
    ),
  );

describe("formatException", () => {
  test("shows every error of a group, at any depth, with its own stack and cause", () => {
    const text = formatException(failure());

    expect(text.match(/TypeError: no user/g)).toHaveLength(2);
    expect(text.match(/caused by a string/g)).toHaveLength(2);
    expect(text).toMatch(/^ExceptionGroup: unhandled errors in a TaskGroup \(2 sub-exceptions\)\n/);
    expect(text).toContain("├── TypeError: no user\n");
    expect(text).toContain(
      "└── ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n",
    );
    expect(text).toContain("    └── TypeError: no user\n");
    expect(text).toMatch(/│ {7}(at )?fetchUser/);
  });

  test("leaves out the frames of the package and of the platform, unless they are requested", () => {
    const error = failure();
    const library = /src\/(tasks|loop|lang)\//;

    expect(formatException((error as ExceptionGroup).errors[0])).not.toMatch(library);
    expect(formatException(error, { libraryFrames: true })).toMatch(library);
  });

  test("shows the whole stack if all of its frames belong to the package", () => {
    const error = caught(() => sleep("1" as never)) as Error;
    error.stack = (error.stack ?? "")
      .split("\n")
      .filter((line, index) => index === 0 || line.includes("src/lang/"))
      .join("\n");

    expect(formatException(error)).toMatch(
      /^TypeError: Expected `delay`.*\n.*src\/lang\/arguments/,
    );
  });

  test.each(["connect to postgres://user@db.internal:5432 failed", "two lines\n    at home:7"])(
    "does not mistake the message %j for stack frames",
    (message) => {
      const text = formatException(new RangeError(message), { libraryFrames: true });

      expect(text.startsWith(`RangeError: ${message}\n    `)).toBe(true);
      expect(text.split(message)).toHaveLength(2);
    },
  );

  test("does not mistake a changed message for stack frames", () => {
    const error = new RangeError("user@host:1 is unknown");
    error.message = "other";

    expect(formatException(error, { libraryFrames: true })).not.toContain("user@host");
  });

  test("accepts anything that can be thrown", () => {
    const bare = new Error("two\nlines");
    bare.stack = undefined as never;
    const ring = new Error("ring");
    ring.stack = "";
    ring.cause = ring;

    expect(formatException(undefined)).toBe("undefined");
    expect(formatException("text")).toBe("text");
    expect(formatException(bare)).toBe("Error: two\nlines");
    expect(formatException(ring).split("\n")).toHaveLength(41);
    expect(shapeOf(formatException(new AggregateError([1, bare], "both"))).slice(-3)).toEqual([
      "├── 1",
      "└── Error: two",
      "    lines",
    ]);
    expect(formatException(new ExceptionGroup(["a"], ""))).toMatch(/^ExceptionGroup\n/);
  });

  test("checks its options", () => {
    expect(() => formatException(1, 2 as never)).toThrow("`options`");
    expect(() => formatException(1, { libraryFrames: 1 as never })).toThrow("`libraryFrames`");
  });
});
