// Tests where exceptions go that nothing could catch.

import { afterEach, describe, expect, vi } from "vitest";
import { newEventLoop } from "../../src/index.ts";
import { collectReports } from "../support/reports.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

const failure = new Error("failure");

afterEach(() => {
  vi.restoreAllMocks();
});

function fail(): never {
  throw failure;
}

describe("a callback that throws", () => {
  test("does not prevent the rest of its turn from running", () => {
    const trace: string[] = [];
    loop.setExceptionHandler(() => trace.push("!"));
    loop.callSoon(() => trace.push("a"));
    loop.callSoon(fail);
    loop.callSoon(() => trace.push("b"));
    loop.callLater(0, fail);
    loop.callLater(0, () => trace.push("c"));
    runDry(loop);

    expect(trace.join("")).toBe("a!b!c");
  });

  test("is reported with a message, the exception and the handle", () => {
    const reports = collectReports(loop);
    const handle = loop.callSoon(fail);
    runDry(loop);

    expect(reports).toEqual([
      { message: "An exception in callback `fail` (function)", exception: failure, handle },
    ]);
  });

  test("is reported with its timer", () => {
    const reports = collectReports(loop);
    const timer = loop.callLater(1, fail);
    runDry(loop);

    expect(reports[0]?.handle).toBe(timer);
  });

  test("is reported even if its name is a symbol", () => {
    const reports = collectReports(loop);
    const nameless = () => fail();
    Object.defineProperty(nameless, "name", { value: Symbol("odd") });
    const handle = loop.callSoon(nameless);
    runDry(loop);

    expect(reports).toEqual([
      { message: expect.stringContaining("Symbol(odd)"), exception: failure, handle },
    ]);
  });

  test.each([undefined, null, 0, "text"])("is reported if it throws %s", (thrown) => {
    const reports = collectReports(loop);
    loop.callSoon(() => {
      throw thrown;
    });
    runDry(loop);

    expect(reports).toHaveLength(1);
    expect(reports[0]).toHaveProperty("exception", thrown);
  });

  test("does not prevent the loop from stopping if it called stop() first", () => {
    collectReports(loop);
    loop.callSoon(() => {
      loop.stop();
      fail();
    });
    loop.callLater(1, fail);
    loop.runForeverSync();

    expect(loop.time()).toBe(0);
  });
});

test("a done callback that throws is reported, and later callbacks still run", () => {
  const reports = collectReports(loop);
  const trace: string[] = [];
  const future = loop.createFuture<void>();
  future.addDoneCallback(fail);
  future.addDoneCallback(() => trace.push("a"));
  future.setResult();
  runDry(loop);

  expect([reports.map(({ exception }) => exception), trace]).toEqual([[failure], ["a"]]);
});

describe("the exception handler", () => {
  test("is called with the loop and the context", () => {
    const handler = vi.fn();
    loop.setExceptionHandler(handler);
    loop.callExceptionHandler({ message: "something" });

    expect(handler.mock.calls).toEqual([[loop, { message: "something" }]]);
  });

  test("is the one set last, or the default one after null or undefined", () => {
    const [one, other] = [vi.fn(), vi.fn()];
    const handlers = [loop.getExceptionHandler()];
    for (const handler of [one, other, null, other, undefined]) {
      loop.setExceptionHandler(handler);
      handlers.push(loop.getExceptionHandler());
    }

    expect(handlers).toEqual([undefined, one, other, undefined, other, undefined]);
  });

  test("writes to the console by default", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    loop.callSoon(fail);
    runDry(loop);

    expect(log.mock.calls.map((line) => line.map(String).join(" ")).join("\n")).toMatch(
      /exception in callback `fail`.*Error: failure/s,
    );
  });

  test("that throws does not stop the loop, and is reported to the console itself", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const trace: string[] = [];
    loop.setExceptionHandler(() => {
      throw new Error("of the handler");
    });
    loop.callSoon(fail);
    loop.callSoon(() => trace.push("a"));
    runDry(loop);
    const logged = log.mock.calls.map((line) => line.map(String).join(" ")).join("\n");

    expect(trace).toEqual(["a"]);
    expect(logged).toContain("Error: failure");
    expect(logged).toContain("Error: of the handler");
  });

  test("does not stop the loop even if the console throws too", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {
      throw new Error("of the console");
    });
    const trace: string[] = [];
    const sliced = newEventLoop({ slice: 1 });
    for (const letter of "abcdefgh") {
      sliced.callSoon(() => {
        const end = performance.now() + 1;
        while (performance.now() < end);
        trace.push(letter);
        fail();
      });
    }
    sliced.callSoon(() => sliced.stop());
    await sliced.runForever();

    expect(trace.join("")).toBe("abcdefgh");
  });

  test("may use the loop", () => {
    const trace: string[] = [];
    loop.setExceptionHandler((given) => {
      given.callSoon(() => trace.push("later"));
    });
    loop.callSoon(fail);
    runDry(loop);

    expect(trace).toEqual(["later"]);
  });
});
