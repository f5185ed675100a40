import { beforeEach, expect } from "vitest";
import { type Coroutine, RuntimeError } from "../../src/index.ts";
import { StreamWriter } from "../../src/io/streamWriter.ts";
import { caught } from "../support/caught.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";
import { bytes } from "./utf8.ts";

const HIGH_WATER = 65_536;

let writer: StreamWriter;
const sink = {
  writableLength: 0,
  writableNeedDrain: true,
  write: (data: string | Uint8Array) => trace.push(`write ${data}`),
  end: () => trace.push("end"),
  cork: () => trace.push("cork"),
  uncork: () => trace.push("uncork"),
  destroySoon: () => trace.push("destroySoon"),
};

beforeEach(() => {
  sink.writableLength = 0;
  writer = new StreamWriter(sink, {
    _info: (name) => (name === "peername" ? "somebody" : undefined),
    _abort: () => trace.push("abort"),
    _onWait: () => {},
  });
});

function note(name: string, body: Coroutine<void>) {
  return loop.createTask(function* () {
    try {
      yield* body;
      trace.push(name);
    } catch (error) {
      trace.push(`${name}: ${error}`);
    }
  });
}

test("a StreamWriter writes text, bytes and lists of lines", () => {
  writer.write("text");
  writer.write(bytes("A"));
  writer.write("");
  writer.writelines(new Set(["a", bytes("B")]));
  expect(trace).toEqual(["write text", "write 65", "cork", "write a", "write 66", "uncork"]);
});

test("drain waits only while too much is buffered, for any number of callers", () => {
  sink.writableLength = HIGH_WATER;
  note("at once", writer.drain());
  runDry(loop);
  sink.writableLength++;
  note("a", writer.drain());
  note("b", writer.drain());
  const c = note("c", writer.drain());
  runDry(loop);
  c.cancel();
  runDry(loop);
  writer._onDrain();
  runDry(loop);
  expect(trace).toEqual(["at once", "c: CancelledError: The future was cancelled", "a", "b"]);
  expect(loop._external).toBe(0);
});

test("drain() and waitClosed() throw a lost connection's error, and later writes do nothing", () => {
  sink.writableLength = HIGH_WATER + 1;
  note("drain", writer.drain());
  note("closed", writer.waitClosed());
  runDry(loop);
  writer._onClose(new Error("reset"));
  writer._onClose(undefined);
  runDry(loop);
  writer.write("lost");
  note("later", writer.drain());
  runDry(loop);
  expect(trace).toEqual(["drain: Error: reset", "closed: Error: reset", "later: Error: reset"]);
  expect(writer.isClosing()).toBe(true);
});

test("after a connection ends without an error, drain throws and waitClosed returns", () => {
  writer._onClose(undefined);
  const error = caught(() => loop.runUntilCompleteSync(writer.drain()));
  expect(error).toMatchObject({ code: "ECONNRESET" });
  loop.runUntilCompleteSync(writer.waitClosed());
});

test("close takes effect once, then writes do nothing and drain only yields to other tasks", () => {
  note("closed", writer.waitClosed());
  writer.close();
  writer.close();
  writer.write("late");
  writer.writeEof();
  note("drained", writer.drain());
  runDry(loop);
  expect([trace, writer.isClosing()]).toEqual([["destroySoon", "drained"], true]);
  writer._onClose(undefined);
  runDry(loop);
  expect(trace).toEqual(["destroySoon", "drained", "closed"]);
});

test("writeEof takes effect once, and a later write throws", () => {
  expect(writer.canWriteEof()).toBe(true);
  writer.writeEof();
  writer.writeEof();
  expect(caught(() => writer.write("late"))).toBeInstanceOf(RuntimeError);
  expect([trace, writer.isClosing()]).toEqual([["end"], false]);
  writer.close();
  expect(trace).toEqual(["end", "destroySoon"]);
});

test("drain also waits after writeEof, until everything is sent", () => {
  sink.writableLength = HIGH_WATER + 1;
  writer.writeEof();
  sink.writableNeedDrain = false;
  note("drained", writer.drain());
  runDry(loop);
  sink.writableNeedDrain = true;
  expect(trace).toEqual(["end"]);
  writer._onDrain();
  runDry(loop);
  expect(trace).toEqual(["end", "drained"]);
});

test("a block with `using` closes the writer", () => {
  {
    using _ = writer;
    trace.push("inside");
  }
  expect(trace).toEqual(["inside", "destroySoon"]);
});

test("getExtraInfo returns the fallback for an unknown name", () => {
  expect(writer.getExtraInfo("peername")).toBe("somebody");
  expect(writer.getExtraInfo("cipher")).toBeUndefined();
  expect(writer.getExtraInfo("cipher", "none")).toBe("none");
});

test.each([
  ["a number", () => writer.write(1 as never)],
  ["an array", () => writer.write([1] as never)],
  ["invalid lines", () => writer.writelines("text")],
  ["bytes in place of lines", () => writer.writelines(bytes("text") as never)],
  ["a list with an invalid element", () => writer.writelines(["a", 1 as never])],
])("the writer throws a TypeError for %s, and writes nothing", (_, action) => {
  expect(caught(action)).toBeInstanceOf(TypeError);
  expect(trace).toEqual([]);
});

test("writelines throws a TypeError for a coroutine that waits, and closes it", () => {
  const loadLines = function* (): Generator<unknown> {
    try {
      yield* loop.createFuture();
    } finally {
      trace.push("closed");
    }
  };
  expect(caught(() => writer.writelines(loadLines() as never))).toBeInstanceOf(TypeError);
  expect(trace).toEqual(["closed"]);
});

test("abort() makes a waiting drain() throw, but not a waiting waitClosed()", () => {
  sink.writableLength = 2 * HIGH_WATER;
  note("drained", writer.drain());
  note("closed", writer.waitClosed());
  writer.close();
  writer.abort();
  writer.abort();
  writer.write("dropped");
  runDry(loop);
  trace.push(String(writer.isClosing()));
  writer._onClose(new Error("aborted"));
  note("later", writer.drain());
  runDry(loop);
  expect(trace).toEqual([
    "destroySoon",
    "abort",
    "true",
    "drained: Error: aborted",
    "closed",
    "later: Error: aborted",
  ]);
});

test("abort of a closed connection changes nothing", () => {
  writer._onClose(new Error("broken"));
  writer.abort();
  note("closed", writer.waitClosed());
  runDry(loop);
  expect(trace).toEqual(["closed: Error: broken"]);
});
