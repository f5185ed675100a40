// A reader gives its lines to coroutines and to async functions.

import { expect, test } from "vitest";
import { StreamReader } from "../../src/io/streamReader.ts";
import { run } from "../../src/run.ts";
import { iterate } from "../../src/tasks/iterate.ts";

function readerOf(text: string): StreamReader {
  const reader = new StreamReader();
  reader._feedData(new TextEncoder().encode(text));
  reader._feedEof();
  return reader;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("iterate gives the lines with their newlines, and the rest", async () => {
  const lines = await run(function* () {
    const got: string[] = [];
    const source = iterate(readerOf("a\nbc\nrest"));
    for (let r = yield* source.next(); !r.done; r = yield* source.next()) got.push(decode(r.value));
    return got;
  });
  expect(lines).toEqual(["a\n", "bc\n", "rest"]);
});

test("for await gives the same", async () => {
  const lines = await run(async () => {
    const got: string[] = [];
    for await (const line of readerOf("a\nbc\nrest")) got.push(decode(line));
    return got;
  });
  expect(lines).toEqual(["a\n", "bc\n", "rest"]);
});
