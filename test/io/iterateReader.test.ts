// Reading lines with a reader, in coroutines and in async functions.

import { expect, test } from "vitest";
import { iterate, run } from "../../src/index.ts";
import { StreamReader } from "../../src/io/streamReader.ts";

function readerOf(text: string): StreamReader {
  const reader = new StreamReader();
  reader._feedData(new TextEncoder().encode(text));
  reader._feedEof();
  return reader;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("iterate over a StreamReader yields the lines with their newlines, and the rest", async () => {
  const lines = await run(function* () {
    const got: string[] = [];
    const source = iterate(readerOf("a\nbc\nrest"));
    for (let r = yield* source.next(); !r.done; r = yield* source.next()) got.push(decode(r.value));
    return got;
  });
  expect(lines).toEqual(["a\n", "bc\n", "rest"]);
});

test("for await over a StreamReader yields the lines with their newlines, and the rest", async () => {
  const lines = await run(async () => {
    const got: string[] = [];
    for await (const line of readerOf("a\nbc\nrest")) got.push(decode(line));
    return got;
  });
  expect(lines).toEqual(["a\n", "bc\n", "rest"]);
});
