// The chunks in which bytes come must not be seen: a plain text is the model.

import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBuffer } from "../../src/io/byteBuffer.ts";
import { bytes, text } from "./utf8.ts";

const short = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
const long = fc.integer({ min: 500, max: 5_000 }).map((length) => "ab".repeat(length / 2));
const separator = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 });

const command = fc.oneof(
  fc.record({ what: fc.constant("push" as const), chunk: fc.oneof(short, short, long) }),
  fc.record({
    what: fc.constant("take" as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    what: fc.constant("find" as const),
    separators: fc.array(separator, { minLength: 1, maxLength: 3 }),
    searched: fc.nat(8),
  }),
);

/** The first to end of those that end behind what was searched. */
function findIn(model: string, separators: string[], searched: number) {
  const ends = separators
    .map((one) => {
      for (let end = Math.max(searched + 1, one.length); end <= model.length; end++) {
        if (model.endsWith(one, end)) return { start: end - one.length, end };
      }
      return undefined;
    })
    .filter((found) => found !== undefined);
  const end = Math.min(...ends.map((found) => found.end));
  return ends.find((found) => found.end === end);
}

const fewCommands = fc.array(command, { maxLength: 60 });
/** Enough chunks for places of taken ones to be given back, in the middle of it. */
const manyChunks = fc
  .tuple(
    fc.array(
      long.map((chunk) => ({ what: "push" as const, chunk })),
      { minLength: 80 },
    ),
    fc.array(command, { minLength: 80 }),
  )
  .map(([pushes, others]) =>
    pushes.flatMap((push, index) => [push, ...others.slice(index, index + 1)]),
  );

test.each([
  ["however they came", fewCommands, 100],
  ["also in many chunks", manyChunks, 5],
])("gives the bytes that came, %s", (_, all, numRuns) => {
  fc.assert(
    fc.property(all, (commands) => {
      const buffer = new ByteBuffer();
      let model = "";
      const given: [Uint8Array, string][] = [];
      for (const step of commands) {
        if (step.what === "push") {
          buffer.push(bytes(step.chunk));
          model += step.chunk;
        } else if (step.what === "take") {
          const count = Math.floor(step.part * model.length);
          given.push([buffer.take(count), model.slice(0, count)]);
          model = model.slice(count);
        } else {
          const { separators, searched } = step;
          const found = buffer.find(separators.map(bytes), searched);
          const expected = findIn(model, separators, searched);
          expect(found?.end).toBe(expected?.end);
        }
        expect(buffer.size).toBe(model.length);
      }
      // Also what was given early is still what it was.
      for (const [data, expected] of given) expect(text(data)).toBe(expected);
      expect(text(buffer.take(buffer.size))).toBe(model);
    }),
    { numRuns },
  );
});

test("many chunks are taken in a time that grows with their number, and no faster", {
  timeout: 30_000,
}, () => {
  // By its square, it would be minutes.
  const CHUNKS = 200_000;
  const chunk = new Uint8Array(512);
  const separators = [Uint8Array.of(1, 2)];
  const buffer = new ByteBuffer();
  let found = 0;
  for (let i = 0; i < CHUNKS; i++) {
    buffer.push(chunk);
    if (buffer.find(separators, buffer.size - chunk.length) !== undefined) found++;
  }
  for (let left = CHUNKS; left > 0; left--) buffer.take(chunk.length);
  for (let i = 0; i < CHUNKS; i++) buffer.push(chunk);
  expect([found, buffer.take(buffer.size).length]).toEqual([0, CHUNKS * chunk.length]);
});

test("a million chunks of one byte need little more than a million bytes", () => {
  const buffer = new ByteBuffer();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100_000; i++) buffer.push(Uint8Array.of(i));
  for (let left = buffer.size; left > 0; left -= 1_000) buffers.add(buffer.take(1_000).buffer);
  expect(buffers.size).toBeLessThan(110);
});

test("to search for a separator that is split costs no more than its bytes", () => {
  const buffer = new ByteBuffer();
  buffer.push(bytes("x".repeat(600)));
  buffer.push(bytes("a".repeat(600)));
  buffer.push(bytes("b".repeat(600)));
  expect(buffer.find([bytes("ab")], 0)).toEqual({ start: 1199, end: 1201 });
  expect(buffer.find([bytes("ab")], 1200)).toEqual({ start: 1199, end: 1201 });
  expect(buffer.find([bytes("ab")], 1201)).toBeUndefined();
});
