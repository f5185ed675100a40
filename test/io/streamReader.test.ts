// The reads of a stream. One file, because all of them share one buffer.

import { beforeEach, describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  DeadlockError,
  iterate,
  RuntimeError,
} from "../../src/index.ts";
import { IncompleteReadError, LimitOverrunError } from "../../src/io/streamErrors.ts";
import { StreamReader } from "../../src/io/streamReader.ts";
import { caught } from "../support/caught.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";
import { bytes, text } from "./utf8.ts";

let reader: StreamReader;
const flow = { pause: () => trace.push("pause"), resume: () => trace.push("resume") };

beforeEach(() => {
  reader = new StreamReader(8, flow);
});

function feed(...chunks: string[]): void {
  for (const chunk of chunks) reader._feedData(bytes(chunk));
}

/** Reads, and records the result or the error. */
function note(read: Coroutine<Uint8Array>) {
  return loop.createTask(function* () {
    try {
      trace.push(`"${text(yield* read)}"`);
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      trace.push(String(error));
    }
  });
}

/** The result of a read that does not need to wait. */
function now(read: Coroutine<Uint8Array>): string {
  return text(loop.runUntilCompleteSync(read));
}

/** The result of a read that completes without suspending, or "nothing yet". */
function atOnce(read: Coroutine<Uint8Array>): string {
  const { done, value } = read.next();
  return done ? text(value) : "nothing yet";
}

/** The error of a read that does not need to wait. */
function thrown(read: Coroutine<Uint8Array>): unknown {
  return caught(() => now(read));
}

describe("read", () => {
  test("returns the available bytes, at most n", () => {
    feed("abc", "def");
    expect([now(reader.read(2)), now(reader.read(2)), now(reader.read(9))]).toEqual([
      "ab",
      "cd",
      "ef",
    ]);
  });

  test("returns a whole chunk without copying it", () => {
    const chunk = bytes("abc");
    reader._feedData(chunk);
    expect(loop.runUntilCompleteSync(reader.read(3))).toBe(chunk);
  });

  test("waits for the first bytes", () => {
    note(reader.read(9));
    runDry(loop);
    feed("ab");
    runDry(loop);
    expect(trace).toEqual(['"ab"']);
  });

  test("continues to wait if another read took the data first", () => {
    const task = note(reader.read(9));
    for (const chunk of ["ab", "cd"]) {
      runDry(loop);
      feed(chunk);
      expect(atOnce(reader.read(9))).toBe(chunk);
    }
    runDry(loop);
    feed("ef");
    runDry(loop);
    expect([trace, task.done(), loop._external]).toEqual([['"ef"'], true, 0]);
  });

  test("can be cancelled while it continues to wait after another read took the data", () => {
    const task = note(reader.read(9));
    runDry(loop);
    feed("ab");
    expect(atOnce(reader.read(9))).toBe("ab");
    runDry(loop);
    task.cancel();
    runDry(loop);
    expect([trace, task.cancelled(), loop._external]).toEqual([[], true, 0]);
  });

  test("of 0 bytes returns no bytes, and does not wait", () => {
    expect(now(reader.read(0))).toBe("");
  });

  test("without n waits for the end, and returns everything", () => {
    note(reader.read());
    feed("ab");
    runDry(loop);
    feed("cd");
    reader._feedEof();
    runDry(loop);
    expect(trace).toEqual(['"abcd"']);
  });

  test("returns nothing at the end, any number of times", () => {
    feed("a");
    reader._feedEof();
    expect([reader.atEof(), now(reader.read(5)), reader.atEof()]).toEqual([false, "a", true]);
    expect([now(reader.read(5)), now(reader.read()), now(reader.readline())]).toEqual(["", "", ""]);
  });
});

describe("readexactly", () => {
  test("waits for n bytes, and leaves the rest", () => {
    note(reader.readexactly(3));
    for (const chunk of ["a", "b", "cd"]) {
      runDry(loop);
      feed(chunk);
    }
    runDry(loop);
    expect([trace, now(reader.read(9))]).toEqual([['"abc"'], "d"]);
  });

  test("of 0 bytes does not wait", () => {
    expect(now(reader.readexactly(0))).toBe("");
  });

  test("throws an error with the partial data at the end of the stream", () => {
    feed("ab");
    reader._feedEof();
    const error = thrown(reader.readexactly(3)) as IncompleteReadError;
    expect(error).toBeInstanceOf(IncompleteReadError);
    expect([text(error.partial), error.expected, error.name, reader.atEof()]).toEqual([
      "ab",
      3,
      "IncompleteReadError",
      true,
    ]);
  });

  test("can read more bytes than the limit", () => {
    note(reader.readexactly(40));
    runDry(loop);
    for (let i = 0; i < 4; i++) feed("0123456789");
    runDry(loop);
    expect(trace).toEqual([`"${"0123456789".repeat(4)}"`]);
  });
});

describe("readuntil", () => {
  test("returns everything up to and including the separator, however it is split", () => {
    note(reader.readuntil("\r\n\r\n"));
    for (const chunk of ["ab\r", "\n\r", "x\r\n", "\r", "\nrest"]) {
      runDry(loop);
      feed(chunk);
    }
    runDry(loop);
    expect([trace, now(reader.read(9))]).toEqual([['"ab\r\n\rx\r\n\r\n"'], "rest"]);
  });

  test.each([
    ["the separator that is complete first", ["abc", "x"], "..xabc"],
    ["the separator that is complete first, even if it starts later", ["xyz1", "y"], "..xy"],
    ["the shorter of two separators that end together", ["bc", "abc"], "..abc"],
    ["a separator that contains its own beginning", ["aab"], "aaab"],
  ])("ends at %s", (_, separators, upTo) => {
    feed(`${upTo}|`);
    const expected = separators.includes("x") ? "..x" : upTo;
    expect(now(reader.readuntil(separators))).toBe(expected);
  });

  test("accepts bytes as a separator, and newlines by default", () => {
    feed("a\0b\nc");
    expect(now(reader.readuntil(Uint8Array.of(0)))).toBe("a\0");
    expect(now(reader.readuntil())).toBe("b\n");
  });

  test("throws an error with the partial data at the end of the stream", () => {
    feed("ab");
    note(reader.readuntil("!"));
    runDry(loop);
    reader._feedEof();
    runDry(loop);
    expect(trace).toEqual([
      "IncompleteReadError: Expected a separator, but the stream ended after 2 bytes",
    ]);
  });

  test("finds a separator that arrived together with the end", () => {
    note(reader.readuntil("!"));
    runDry(loop);
    feed("ab!");
    reader._feedEof();
    runDry(loop);
    expect(trace).toEqual(['"ab!"']);
  });

  test.each([
    ["123456789", 9, "without it"],
    ["123456789!", 9, "with it behind"],
  ])("throws if more than the limit arrives: %j", (sent, consumed) => {
    feed(sent);
    const error = thrown(reader.readuntil("!")) as LimitOverrunError;
    expect(error).toBeInstanceOf(LimitOverrunError);
    expect([error.consumed, error.name, now(reader.read(99))]).toEqual([
      consumed,
      "LimitOverrunError",
      sent,
    ]);
  });

  test("allows as many bytes as the limit before the separator", () => {
    feed("12345678!!");
    expect(now(reader.readuntil("!!"))).toBe("12345678!!");
  });

  test.each([[["\r\n", "\n"]], [["\n", "\r\n"]]])(
    "counts the bytes before the shortest of the separators that end together: %j",
    (separators) => {
      feed("12345678\r\n");
      const error = thrown(reader.readuntil(separators)) as LimitOverrunError;
      expect([error.name, error.consumed]).toEqual(["LimitOverrunError", 9]);
    },
  );

  test("throws an error over the limit, with the number of bytes that cannot be part of the separator", () => {
    feed("1234567890\r\n");
    const error = thrown(reader.readuntil("\r\n\r\n")) as LimitOverrunError;
    expect(error.consumed).toBe(9);
  });

  test("is not affected by another read that takes buffered bytes in the meantime", () => {
    feed("abc");
    note(reader.readuntil("!"));
    runDry(loop);
    expect(now(reader.read(2))).toBe("ab");
    feed("d!e!");
    runDry(loop);
    expect(trace).toEqual(['"cd!"']);
  });
});

describe("readline", () => {
  test("returns lines with their newlines, and the rest at the end", () => {
    feed("one\ntw", "o\n\nend");
    reader._feedEof();
    const lines = [1, 2, 3, 4, 5].map(() => now(reader.readline()));
    expect(lines).toEqual(["one\n", "two\n", "\n", "end", ""]);
  });

  test("throws for a line over the limit, drops it, and continues with the next one", () => {
    feed("123456789\nnext\n");
    const error = thrown(reader.readline()) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.cause).toBeInstanceOf(LimitOverrunError);
    expect(now(reader.readline())).toBe("next\n");
  });

  test("drops the available bytes if they exceed the limit without a newline", () => {
    feed("123456789");
    expect(thrown(reader.readline())).toBeInstanceOf(RangeError);
    feed("0\nnext\n");
    expect(now(reader.readline())).toBe("0\n");
  });
});

test("iterate yields the lines", () => {
  feed("one\n", "two\n", "end");
  reader._feedEof();
  loop.runUntilCompleteSync(function* () {
    const lines = iterate(reader as never as AsyncIterable<Uint8Array>);
    for (let r = yield* lines.next(); !r.done; r = yield* lines.next()) trace.push(text(r.value));
  });
  expect(trace).toEqual(["one\n", "two\n", "end"]);
});

describe("a reader's limit", () => {
  test("pauses the source above twice the limit, and resumes it at the limit", () => {
    feed("0123456789abcdef");
    expect(trace).toEqual([]);
    feed("!");
    expect(trace).toEqual(["pause"]);
    now(reader.read(8));
    expect(trace).toEqual(["pause"]);
    now(reader.read(1));
    expect(trace).toEqual(["pause", "resume"]);
  });

  test("lets data beyond the limit arrive while a read waits for that data", () => {
    feed("0123456789abcdef!");
    const task = note(reader.readexactly(30));
    runDry(loop);
    feed("0123456789");
    expect(trace).toEqual(["pause", "resume"]);
    task.cancel();
    feed("!");
    expect(trace).toEqual(["pause", "resume", "pause"]);
  });
});

describe("a broken connection", () => {
  const broken = Object.assign(new Error("reset"), { code: "ECONNRESET" });

  test("makes a waiting read throw the connection's error, and leaves the buffered data to later reads", () => {
    feed("ab");
    note(reader.readexactly(3));
    runDry(loop);
    reader._setException(broken);
    runDry(loop);
    expect(trace).toEqual(["Error: reset"]);
    expect(now(reader.read(9))).toBe("ab");
    expect(thrown(reader.read(9))).toBe(broken);
    expect(reader.exception()).toBe(broken);
  });

  test("still lets earlier data be read", () => {
    feed("a\nb");
    reader._setException(broken);
    reader._setException(new Error("later"));
    expect(now(reader.readline())).toBe("a\n");
    expect(thrown(reader.readline())).toBe(broken);
    expect(thrown(reader.read())).toBe(broken);
    expect(now(reader.readexactly(1))).toBe("b");
    expect(thrown(reader.readexactly(1))).toBe(broken);
  });
});

describe("cancelling", () => {
  const reads: [string, () => Coroutine<Uint8Array>][] = [
    ["read", () => reader.read()],
    ["read(n)", () => reader.read(4)],
    ["readexactly", () => reader.readexactly(4)],
    ["readline", () => reader.readline()],
    ["readuntil", () => reader.readuntil("!")],
  ];

  test.each(reads)("%s before anything arrived loses nothing", (_, read) => {
    const task = note(read());
    runDry(loop);
    task.cancel();
    feed("ab\n!");
    reader._feedEof();
    runDry(loop);
    expect([task.cancelled(), trace, now(reader.read()), loop._external]).toEqual([
      true,
      [],
      "ab\n!",
      0,
    ]);
  });

  test.each(reads)("%s in the turn in which data arrives loses nothing", (_, read) => {
    const task = note(read());
    runDry(loop);
    feed("ab\n!");
    reader._feedEof();
    task.cancel();
    runDry(loop);
    expect([task.cancelled(), trace, now(reader.read()), loop._external]).toEqual([
      true,
      [],
      "ab\n!",
      0,
    ]);
  });
});

test("only one coroutine can wait at a time, and a second one gets a RuntimeError", () => {
  note(reader.read(1));
  runDry(loop);
  expect(thrown(reader.readline())).toBeInstanceOf(RuntimeError);
  feed("a");
  note(reader.read(1)).cancel();
  runDry(loop);
  expect(trace).toEqual(['"a"']);
});

test("a virtual clock stands still while a read waits", () => {
  note(reader.read(1));
  const timer = loop.callLater(1000, () => trace.push("jumped"));
  expect(() => loop.runForeverSync()).toThrow(DeadlockError);
  expect([trace, loop._external]).toEqual([[], 1]);
  timer.cancel();
});

test.each([
  ["a limit of 0", () => new StreamReader(0), RangeError],
  ["an invalid limit", () => new StreamReader("1" as never), TypeError],
  ["an invalid count", () => reader.read("1" as never), TypeError],
  ["a fraction of a byte", () => reader.read(0.5), RangeError],
  ["NaN bytes", () => reader.read(Number.NaN), RangeError],
  ["a negative count", () => reader.readexactly(-1), RangeError],
  ["an invalid separator", () => reader.readuntil(1 as never), TypeError],
  ["an empty separator", () => reader.readuntil(["a", ""]), RangeError],
  ["no separator", () => reader.readuntil([]), RangeError],
])("the reader throws for %s when called", (_, action, Expected) => {
  expect(caught(action)).toBeInstanceOf(Expected);
});
