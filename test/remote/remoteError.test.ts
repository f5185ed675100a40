import { describe, expect, test } from "vitest";
import { packError, unpackError } from "../../src/remote/remoteError.ts";
import { ExceptionGroup } from "../../src/tasks/exceptionGroup.ts";

/** What arrives of what was thrown. */
function sent(error: unknown): unknown {
  return unpackError(structuredClone(packError(error)));
}

function nested(depth: number): ExceptionGroup {
  return new ExceptionGroup([depth === 0 ? new RangeError("innermost") : nested(depth - 1)], "g");
}

function depthOf(error: unknown): number {
  return error instanceof AggregateError ? 1 + depthOf(error.errors[0]) : 0;
}

describe("a group that is sent", () => {
  test("is a group again", () => {
    const arrived = sent(new ExceptionGroup([new TypeError("a"), nested(1)], "two"));

    expect(arrived).toBeInstanceOf(ExceptionGroup);
    expect(arrived).toMatchObject({
      message: "two",
      errors: [new TypeError("a"), { errors: [{ errors: [new RangeError("innermost")] }] }],
    });
  });

  test("arrives however deep it is, without the innermost", () => {
    const arrived = sent(nested(100));

    expect(depthOf(arrived)).toBeGreaterThan(10);
    expect((arrived as Error).name).toBe("ExceptionGroup");
  });

  test("arrives however large it is, without the last", () => {
    const all = Array.from({ length: 1_000 }, (_, i) => new ExceptionGroup([new Error(`${i}`)]));
    const { errors } = sent(new ExceptionGroup(all)) as ExceptionGroup;

    expect(errors.length).toBeGreaterThan(10);
    expect(errors.at(0)).toEqual(all[0]);
  });

  test("arrives although another class has its name, and nothing in it", () => {
    const empty = Object.assign(new AggregateError([], "empty"), { name: "ExceptionGroup" });

    expect(sent(empty)).toMatchObject({ name: "ExceptionGroup", message: "empty", errors: [] });
  });
});

describe("an error that is sent keeps its own fields", () => {
  test("such as code and errno, also those of its causes and of the errors in a group", () => {
    const fields = {
      code: "ENOENT",
      errno: -2,
      syscall: "open",
      path: "/a",
      detail: { at: [1, new Date(5)] },
    };
    const error = Object.assign(
      new Error("outer", { cause: Object.assign(new RangeError("inner"), { code: 7 }) }),
      fields,
    );
    const group = new ExceptionGroup([error]);

    const [arrived] = (sent(group) as ExceptionGroup).errors;

    expect(arrived).toMatchObject({ ...fields, cause: { code: 7 } });
    expect(Object.keys(arrived as object)).toEqual(Object.keys(fields));
  });

  test("and errors among them, of a class of its own", () => {
    class HttpError extends Error {
      readonly status = 404;
      readonly reason = Object.assign(new TypeError("why"), { code: "E" });
      readonly response = { headers: ["a", 1] };
    }

    expect(sent(new HttpError("no"))).toMatchObject({
      name: "HttpError",
      status: 404,
      reason: { name: "TypeError", message: "why", code: "E" },
      response: { headers: ["a", 1] },
    });
  });

  test("without what cannot be cloned or read, and without a new prototype", () => {
    const error = Object.assign(new Error("odd"), {
      code: 1,
      callback: () => 1,
      self: undefined as unknown,
    });
    error.self = error;
    Object.defineProperty(error, "getter", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    Object.defineProperty(error, "__proto__", { enumerable: true, value: { polluted: true } });

    const arrived = sent(error) as typeof error;

    expect(arrived.code).toBe(1);
    expect(Object.keys(arrived)).toEqual(["code", "__proto__"]);
    expect(Object.getPrototypeOf(arrived)).toBe(Error.prototype);
    expect("polluted" in {}).toBe(false);
  });
});
