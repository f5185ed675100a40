import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExceptionGroup, RuntimeError, TimeoutError } from "../../src/index.ts";

type Shape = number | Shape[];

/** A list stands for a group, a number for an error. */
function build(shape: Shape): unknown {
  return Array.isArray(shape) ? new ExceptionGroup(shape.map(build), `of ${shape.length}`) : shape;
}

function shapeOf(error: unknown): Shape | undefined {
  if (error === undefined) return undefined;
  return error instanceof ExceptionGroup ? error.errors.map((e) => shapeOf(e)!) : (error as number);
}

const { shapes } = fc.letrec<{ shapes: Shape[] }>((tie) => ({
  shapes: fc.array(fc.oneof({ maxDepth: 4 }, fc.nat(9), tie("shapes")) as fc.Arbitrary<Shape>, {
    minLength: 1,
    maxLength: 4,
  }),
}));

/** The part of a shape that remains if only some numbers are kept. */
function pick(shape: Shape, keeps: (n: number) => boolean): Shape | undefined {
  if (!Array.isArray(shape)) return keeps(shape) ? shape : undefined;
  const inside = shape.map((part) => pick(part, keeps)).filter((part) => part !== undefined);
  return inside.length > 0 ? inside : undefined;
}

const group = new ExceptionGroup(
  [new TimeoutError("a"), new ExceptionGroup([new RuntimeError("b"), new TimeoutError("c")], "in")],
  "out",
  { cause: "why" },
);

describe("ExceptionGroup", () => {
  test("is an AggregateError with a name, a message, a cause and the errors", () => {
    expect(group).toBeInstanceOf(AggregateError);
    expect([group.name, group.message, group.cause]).toEqual(["ExceptionGroup", "out", "why"]);
    expect(new ExceptionGroup(new Set(["a", 1])).errors).toEqual(["a", 1]);
    expect("cause" in new ExceptionGroup(["a"])).toBe(false);
    expect(Object.keys(new ExceptionGroup(["a"]))).not.toContain("stack");
  });

  test("throws a RangeError for an empty list, and a TypeError if the argument is not a list", () => {
    expect(() => new ExceptionGroup([], "empty")).toThrow(RangeError);
    for (const wrong of [undefined, null, 3, {}, new Error("one")]) {
      expect(() => new ExceptionGroup(wrong as never)).toThrow(/^Expected `errors` to be a list/);
    }
  });
});

describe("split", () => {
  test("divides the errors of nested groups by any predicate, and keeps the structure", () => {
    fc.assert(
      fc.property(shapes, fc.nat(9), (shape, limit) => {
        const [matching, rest] = (build(shape) as ExceptionGroup).split((e) => Number(e) < limit);

        expect([shapeOf(matching), shapeOf(rest)]).toEqual([
          pick(shape, (n) => n < limit),
          pick(shape, (n) => n >= limit),
        ]);
      }),
    );
  });

  test("accepts an error class", () => {
    const [timeouts, rest] = group.split(TimeoutError);
    const messages = [timeouts, rest].map((part) => String(words(part)));

    expect(messages).toEqual(["out(a,in(c))", "out(in(b))"]);
    expect(group.split(TypeError)[0]).toBeUndefined();
    expect(group.subgroup(RuntimeError)?.message).toBe("out");
  });

  test("returns a group itself, not a copy, if all of it matches", () => {
    expect(group.split(Error)).toEqual([group, undefined]);
    expect(group.split(ExceptionGroup)[0]).toBe(group);
    const [inner, rest] = group.split((error) => (error as Error).message === "in");

    expect(inner?.errors[0]).toBe(group.errors[1]);
    expect(words(rest)).toBe("out(a)");
  });

  test("calls the predicate once per error, groups first", () => {
    const asked: string[] = [];
    group.split((error) => {
      asked.push((error as Error).message);
      return false;
    });

    expect(asked).toEqual(["out", "a", "in", "b", "c"]);
  });

  test("keeps message, cause and stack in both parts", () => {
    const part = group.subgroup(RuntimeError) as ExceptionGroup;

    expect(part).not.toBe(group);
    expect([part.message, part.cause, part.stack]).toEqual(["out", "why", group.stack]);
    expect(Object.keys(part)).toEqual(Object.keys(group));
    expect("cause" in (part.errors[0] as object)).toBe(false);
  });

  test("returns undefined for a half without errors", () => {
    expect(group.split(() => true)).toEqual([group, undefined]);
    expect(group.split(() => false)[0]).toBeUndefined();
    expect(group.subgroup(() => false)).toBeUndefined();
  });

  test("throws a TypeError for an invalid predicate", () => {
    expect(() => group.split("TimeoutError" as never)).toThrow(TypeError);
    expect(() => group.subgroup(undefined as never)).toThrow(/^Expected `predicate` to be/);
  });
});

function words(error: unknown): unknown {
  if (error instanceof ExceptionGroup) return `${error.message}(${error.errors.map(words)})`;
  return error instanceof Error ? error.message : error;
}
