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
