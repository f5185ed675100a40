import { describe, expect, test } from "vitest";
import { ExceptionGroup } from "../../src/index.ts";
import { packError, unpackError } from "../../src/remote/remoteError.ts";

/** The value that arrives for a thrown one. */
function sent(error: unknown): unknown {
  return unpackError(structuredClone(packError(error)));
}

function nested(depth: number): ExceptionGroup {
  return new ExceptionGroup([depth === 0 ? new RangeError("innermost") : nested(depth - 1)], "g");
}

function depthOf(error: unknown): number {
  return error instanceof AggregateError ? 1 + depthOf(error.errors[0]) : 0;
}

describe("an exception group that is sent", () => {
  test("arrives as a group", () => {
    const arrived = sent(new ExceptionGroup([new TypeError("a"), nested(1)], "two"));

    expect(arrived).toBeInstanceOf(ExceptionGroup);
    expect(arrived).toMatchObject({
      message: "two",
      errors: [new TypeError("a"), { errors: [{ errors: [new RangeError("innermost")] }] }],
    });
  });

  test("arrives without its innermost errors if it is too deep", () => {
    const arrived = sent(nested(100));

    expect(depthOf(arrived)).toBeGreaterThan(10);
    expect((arrived as Error).name).toBe("ExceptionGroup");
  });

  test("arrives without its last errors if it is too large", () => {
    const all = Array.from({ length: 1_000 }, (_, i) => new ExceptionGroup([new Error(`${i}`)]));
    const { errors } = sent(new ExceptionGroup(all)) as ExceptionGroup;

    expect(errors.length).toBeGreaterThan(10);
    expect(errors.at(0)).toEqual(all[0]);
  });

  test("arrives even if it is an empty AggregateError that is only named ExceptionGroup", () => {
    const empty = Object.assign(new AggregateError([], "empty"), { name: "ExceptionGroup" });

    expect(sent(empty)).toMatchObject({ name: "ExceptionGroup", message: "empty", errors: [] });
  });
});

describe("an error that is sent keeps its own fields", () => {
  test("and a code that its class defines by a getter", () => {
    class Refused extends Error {
      get code(): string {
        return "E_REFUSED";
      }
    }
    class Broken extends Error {
      get code(): never {
        throw new Error("no code");
      }
    }

    expect(sent(new Refused("a"))).toMatchObject({ message: "a", code: "E_REFUSED" });
    expect(sent(new DOMException("b", "AbortError"))).toMatchObject({
      name: "AbortError",
      code: 20,
    });
    expect(sent(new Broken("c"))).toMatchObject({ name: "Broken", message: "c" });
  });

  test("such as code and errno, including those of its causes and of a group's errors", () => {
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

  test("including fields that are errors, even if its class is a custom one", () => {
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

  test("including errors in lists, which keep their fields too", () => {
    const failed = Object.assign(new RangeError("a"), { code: "E_A", parts: [new Error("b")] });
    const error = Object.assign(new Error("outer"), {
      list: [1, failed, ["c"]],
      plain: [1, { d: 2 }],
    });

    expect(sent(error)).toMatchObject({
      list: [
        1,
        { name: "RangeError", message: "a", code: "E_A", parts: [{ message: "b" }] },
        ["c"],
      ],
      plain: [1, { d: 2 }],
    });
  });

  test("except those that cannot be cloned or read; a field `__proto__` is harmless", () => {
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
