// Tests what only the compiled core has: counters that wrap, and traps.

import { describe, expect, test } from "vitest";
import { type CoreExports, instantiateCore } from "../../src/core/compile.ts";
import { WasmCore } from "../../src/core/wasmCore.ts";
import { allocateMany, Script, takeTurn } from "./script.ts";

const WRAP = 2 ** 30;

describe("counters that wrap", () => {
  test("leave the ready queue in order, including tombstones", () => {
    const script = new Script(new WasmCore(instantiateCore(), WRAP - 3));
    script.push("abcdef");
    script.release("be");

    expect(script.turn()).toBe("a-cd-f");
    script.push("abc");
    expect(script.turn()).toBe("abc");
  });

  test("leave the queue in order when it grows across the wrap", () => {
    const core = new WasmCore(instantiateCore(), WRAP - 1_000);
    const ids = allocateMany(core, 10_000);
    for (const id of ids) core.push(id);
    core.release(ids[500] as number);
    core.release(ids[9_500] as number);

    const expected = ids.map((id, index) => (index === 500 || index === 9_500 ? 0 : id));
    expect(takeTurn(core)).toEqual(expected);
  });

  test("may also wrap backwards, when user-blocking entries go in front", () => {
    const script = new Script(new WasmCore(instantiateCore(), 2));
    script.push("mn");
    script.schedule("abcde", 0);

    expect(script.turn(0, (index) => index === 1 && script.release("den"))).toBe("abc--m-");
  });

  test("leave the queues of the other priorities in order", () => {
    const script = new Script(new WasmCore(instantiateCore(), WRAP - 2));
    script.schedule("abcd", 0);
    script.schedule("wxyz", 2);
    script.release("cy");

    expect(script.turn()).toBe("ab-dw");
    expect(script.turn()).toBe("x-z");
  });

  test("leave timers with equal deadlines in order of arrival", () => {
    const script = new Script(new WasmCore(instantiateCore(), 0, 2 ** 32 - 3));
    script.addTimers("abcdef", 1);
    script.core.removeTimer(script.id("b"));
    script.addTimers("b", 1);

    expect(script.turn(1)).toBe("acdefb");
  });
});

describe("a trap (B3)", () => {
  function trapping(operation: keyof CoreExports): WasmCore {
    const trap = (): never => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    return new WasmCore({ ...instantiateCore(), [operation]: trap });
  }

  test.each(["allocate", "release", "schedule", "addTimer", "removeTimer", "turn"] as const)(
    "in %s breaks the core for good, and every later call throws",
    (operation) => {
      const core = trapping(operation);
      const message = "The core of this event loop has broken down";
      // A turn calls the core only if a timer may be due.
      expect(() => core[operation](Infinity, 0)).toThrow(message);

      const calls: (() => unknown)[] = [
        () => core.allocate(),
        () => core.release(1),
        () => core.push(1),
        () => core.schedule(1, 2),
        () => core.addTimer(1, 1),
        () => core.removeTimer(1),
        () => core.turn(0),
        () => core.take(),
        () => core.deadline(),
        () => core.hasReady(),
        () => core.live(),
        () => core.timers(),
        () => core.reset(),
      ];
      for (const call of calls) expect(call).toThrow(message);
    },
  );

  test("is the cause of the error that the call throws", () => {
    const core = trapping("turn");

    expect(() => core.turn(Infinity)).toThrow(
      expect.objectContaining({ cause: expect.any(WebAssembly.RuntimeError) }),
    );
  });

  test("in one core does not affect others", () => {
    expect(() => trapping("turn").turn(Infinity)).toThrow();

    expect(new WasmCore(instantiateCore()).turn(0)).toBe(0);
  });
});
