// Classes with many short-lived instances have no `#private` methods, because the engine marks each
// instance of a class that has one, which takes longer than the rest of creating the instance.
// docs/performance.md has the measurement.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const HOT = [
  "io/byteBuffer",
  "io/readSome",
  "loop/handle",
  "sync/waitCall",
  "sync/waitQueue",
  "tasks/lazyCall",
  "tasks/kernel/call",
  "tasks/kernel/cancelling",
  "tasks/kernel/coroutine",
  "tasks/kernel/doneCallback",
  "tasks/kernel/taskExtras",
  "tasks/externalFuture",
  "tasks/kernel/future",
  "tasks/gather",
  "tasks/pendingFutures",
  "tasks/relay",
  "tasks/sleep",
  "tasks/kernel/task",
  "tasks/taskGroup",
  "tasks/timeout",
];

const PRIVATE_METHOD = /^ +(?:async |\*|get |set )*#\w+(?:<.*>)?\(.*\{$/gm;

test.each(HOT)("%s has no private methods", (name) => {
  const source = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), "utf8");

  expect(source.match(PRIVATE_METHOD) ?? []).toEqual([]);
});

test("the check for private methods finds those of a class that has some", () => {
  const source = readFileSync(new URL("../src/loop/turns.ts", import.meta.url), "utf8");

  expect(source.match(PRIVATE_METHOD)?.length).toBeGreaterThan(0);
});
