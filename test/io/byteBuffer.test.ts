// Chunk boundaries must make no difference, so the model is a plain string.

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

/** The match that ends first, among those that end after the part searched before. */
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
/** Enough chunks that the storage of taken chunks is freed in the middle of it. */
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
  ["in any chunks", fewCommands, 100],
  ["in many chunks", manyChunks, 5],
])("a byte buffer returns the bytes that were pushed, %s", (_, all, numRuns) => {
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
      // Bytes that were returned earlier must not have changed.
      for (const [data, expected] of given) expect(text(data)).toBe(expected);
      expect(text(buffer.take(buffer.size))).toBe(model);
    }),
    { numRuns },
  );
});

test("taking chunks out of a byte buffer takes time proportional to their number", {
  timeout: 30_000,
}, () => {
  // Quadratic time would be minutes.
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

test("a byte buffer copies 100,000 one-byte chunks into fewer than 110 memory buffers", () => {
  const buffer = new ByteBuffer();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100_000; i++) buffer.push(Uint8Array.of(i));
  for (let left = buffer.size; left > 0; left--) buffers.add(buffer.take(1).buffer);
  expect(buffers.size).toBeLessThan(110);
});

test("a byte buffer finds a separator split over two chunks, even if the search starts at its second byte", () => {
  const buffer = new ByteBuffer();
  buffer.push(bytes("x".repeat(600)));
  buffer.push(bytes("a".repeat(600)));
  buffer.push(bytes("b".repeat(600)));
  expect(buffer.find([bytes("ab")], 0)).toEqual({ start: 1199, end: 1201 });
  expect(buffer.find([bytes("ab")], 1200)).toEqual({ start: 1199, end: 1201 });
  expect(buffer.find([bytes("ab")], 1201)).toBeUndefined();
});
