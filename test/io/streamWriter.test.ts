import { beforeEach, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { StreamWriter } from "../../src/io/streamWriter.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { caught } from "../support/caught.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { bytes } from "./utf8.ts";

const HIGH_WATER = 65_536;

let loop: EventLoop;
let trace: string[];
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
  loop = newVirtualLoop();
  trace = [];
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

test("writes text and bytes, and collects lines", () => {
  writer.write("text");
  writer.write(bytes("A"));
  writer.write("");
  writer.writelines(new Set(["a", bytes("B")]));
  expect(trace).toEqual(["write text", "write 65", "cork", "write a", "write 66", "uncork"]);
});

test("drain waits only while too much waits, for as many as call it", () => {
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

test("a lost connection ends those who wait with its error, and writes do nothing", () => {
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

test("a connection that is over without an error is one to drain, and none to waitClosed", () => {
  writer._onClose(undefined);
  const error = caught(() => loop.runUntilCompleteSync(writer.drain()));
  expect(error).toMatchObject({ code: "ECONNRESET" });
  loop.runUntilCompleteSync(writer.waitClosed());
});

test("close closes once; writes that follow do nothing, and drain gives way", () => {
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

test("writeEof ends once; a write that follows is a mistake", () => {
  expect(writer.canWriteEof()).toBe(true);
  writer.writeEof();
  writer.writeEof();
  expect(caught(() => writer.write("late"))).toBeInstanceOf(RuntimeError);
  expect([trace, writer.isClosing()]).toEqual([["end"], false]);
  writer.close();
  expect(trace).toEqual(["end", "destroySoon"]);
});

test("drain waits also after writeEof, until all is sent", () => {
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

test("a block with using closes it", () => {
  {
    using _ = writer;
    trace.push("inside");
  }
  expect(trace).toEqual(["inside", "destroySoon"]);
});

test("getExtraInfo gives the fallback for what it does not know", () => {
  expect(writer.getExtraInfo("peername")).toBe("somebody");
  expect(writer.getExtraInfo("cipher")).toBeUndefined();
  expect(writer.getExtraInfo("cipher", "none")).toBe("none");
});

test.each([
  ["a number", () => writer.write(1 as never)],
  ["an array", () => writer.write([1] as never)],
  ["lines that are none", () => writer.writelines("text")],
  ["bytes for lines", () => writer.writelines(bytes("text") as never)],
  ["a list with something else", () => writer.writelines(["a", 1 as never])],
])("throws a TypeError for %s, and writes nothing", (_, action) => {
  expect(caught(action)).toBeInstanceOf(TypeError);
  expect(trace).toEqual([]);
});

test("abort fails those who wait to write, and is no error for who waits for the end", () => {
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

test("abort of what is over already changes nothing", () => {
  writer._onClose(new Error("broken"));
  writer.abort();
  note("closed", writer.waitClosed());
  runDry(loop);
  expect(trace).toEqual(["closed: Error: broken"]);
});
