// The engine marks each instance of a class that has a `#private` method, which costs more than all else that is done to
// make it. So what an operation makes an instance of has none: see docs/performance.md.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const HOT = [
  "io/arrival",
  "io/byteBuffer",
  "io/readSome",
  "loop/handle",
  "sync/waitCall",
  "sync/waitQueue",
  "tasks/bareCall",
  "tasks/coroutine",
  "tasks/future",
  "tasks/gather",
  "tasks/pendingFutures",
  "tasks/relay",
  "tasks/sleep",
  "tasks/task",
  "tasks/taskGroup",
  "tasks/timeout",
];

const PRIVATE_METHOD = /^ +(?:async |\*|get |set )*#\w+(?:<.*>)?\(.*\{$/gm;

test.each(HOT)("%s has no private methods", (name) => {
  const source = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), "utf8");

  expect(source.match(PRIVATE_METHOD) ?? []).toEqual([]);
});

test("private methods are recognised", () => {
  const source = readFileSync(new URL("../src/loop/turns.ts", import.meta.url), "utf8");

  expect(source.match(PRIVATE_METHOD)?.length).toBeGreaterThan(0);
});
