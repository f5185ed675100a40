import { expect, test } from "vitest";
import { type AwaitPoints, at, atEach } from "../src/at.ts";

const KEY = Symbol.for("mysyncio.at");

/** The object that all copies of the module share. */
function points(): AwaitPoints {
  return (globalThis as { [KEY]?: AwaitPoints })[KEY] as AwaitPoints;
}

test("`at` and `atEach` return their argument while no exploration runs", () => {
  const promise = Promise.resolve(1);
  const items = [promise];

  expect(at(promise, "here")).toBe(promise);
  expect(at(undefined)).toBe(undefined);
  expect(atEach(items, "here")).toBe(items);
});

test("`at` and `atEach` call the exploration's hook, even from a second copy of the module", async () => {
  // A different query creates a different module.
  const copy: typeof import("../src/at.ts") = await import("../src/at.ts?another" as string);
  const asked: unknown[] = [];
  const { hook } = points();
  points().hook = {
    at: (value, place) => asked.push("at", value, place),
    atEach: (iterable, place) => asked.push("atEach", iterable, place),
  };
  try {
    for (const { at, atEach } of [await import("../src/at.ts"), copy]) {
      at(1, "first");
      atEach([2], "second");
    }
  } finally {
    points().hook = hook;
  }

  expect(copy.at).not.toBe(at);
  const once = ["at", 1, "first", "atEach", [2], "second"];
  expect(asked).toEqual([...once, ...once]);
});
