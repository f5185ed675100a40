// Tests which core a new loop gets.

import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { newCore, recycleCore, setDefaultCore } from "../../src/core/core.ts";
import type { WasmCore } from "../../src/core/wasmCore.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  setDefaultCore(inject("core"));
});

describe("newCore", () => {
  test.each(["wasm", "js"] as const)("creates a %s core on request", (kind) => {
    expect(newCore(kind).kind).toBe(kind);
  });

  test.each(["wasm", "js"] as const)("creates a %s core if that is the default", (kind) => {
    setDefaultCore(kind);

    expect(newCore().kind).toBe(kind);
  });

  test("creates a compiled core by default", () => {
    setDefaultCore(undefined);

    expect(newCore().kind).toBe("wasm");
  });

  test("compiles the core once", () => {
    newCore("wasm");
    const compile = vi.fn();
    stubWebAssembly({ Module: compile });

    expect(newCore("wasm").kind).toBe("wasm");
    expect(compile).not.toHaveBeenCalled();
  });

  test("creates independent cores", () => {
    const [one, other] = [newCore(), newCore()];
    one.push(one.allocate());

    expect(other.hasReady()).toBe(false);
    expect(other.live()).toBe(0);
  });

  test("shrinks the memory of a grown core before reusing the core", () => {
    const core = newCore("wasm") as WasmCore;
    const initial = core.bytes();
    for (let i = 0; i < 500_000; i++) core.push(core.allocate());
    recycleCore(core);

    const next = newCore("wasm") as WasmCore;
    expect(next).toBe(core);
    expect([next.bytes(), next.live(), next.turn(0)]).toEqual([initial, 0, 0]);
    const id = next.allocate();
    next.push(id);
    expect([next.turn(0), next.take()]).toEqual([1, id]);
  });

  test("falls back to the reference core while there is no memory for another instance", () => {
    setDefaultCore(undefined);
    stubInstance(new RangeError("Out of memory"));
    expect(newCore().kind).toBe("js");

    vi.unstubAllGlobals();
    expect(newCore().kind).toBe("wasm");
  });

  test("explains the reason if a compiled core was requested and cannot be created", () => {
    const error = new WebAssembly.CompileError("violates the policy");
    stubInstance(error);

    expect(() => newCore("wasm")).toThrow("violates the policy");
  });

  // This test is the last one, because a rejection by a policy is remembered.
  test("always falls back to the reference core where WebAssembly is forbidden", () => {
    setDefaultCore(undefined);
    const error = new WebAssembly.CompileError("violates the policy");
    const instance = stubInstance(error);

    expect([newCore().kind, newCore().kind]).toEqual(["js", "js"]);
    expect(instance).toHaveBeenCalledTimes(1);
  });
});

/** Makes every attempt to instantiate the core fail. */
function stubInstance(error: Error) {
  const instance = vi.fn(function fail() {
    throw error;
  });
  stubWebAssembly({ Instance: instance });
  return instance;
}

function stubWebAssembly(replaced: object): void {
  const { Module, Instance, RuntimeError } = WebAssembly;
  vi.stubGlobal("WebAssembly", { Module, Instance, RuntimeError, ...replaced });
}
