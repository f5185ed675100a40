// Which core a loop gets.

import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { newCore, setDefaultCore } from "../../src/core/core.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  setDefaultCore(inject("core"));
});

describe("newCore", () => {
  test.each(["wasm", "js"] as const)("makes a %s core if asked for one", (kind) => {
    expect(newCore(kind).kind).toBe(kind);
  });

  test.each(["wasm", "js"] as const)("makes a %s core if that is the default", (kind) => {
    setDefaultCore(kind);

    expect(newCore().kind).toBe(kind);
  });

  test("makes a compiled core where there is no other default", () => {
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

  test("makes independent cores", () => {
    const [one, other] = [newCore(), newCore()];
    one.push(one.allocate());

    expect(other.hasReady()).toBe(false);
    expect(other.live()).toBe(0);
  });

  test("falls back to the reference core while there is no memory for another instance", () => {
    setDefaultCore(undefined);
    stubInstance(new RangeError("Out of memory"));
    expect(newCore().kind).toBe("js");

    vi.unstubAllGlobals();
    expect(newCore().kind).toBe("wasm");
  });

  test("says what is wrong if a compiled core was asked for and cannot be", () => {
    const error = new WebAssembly.CompileError("violates the policy");
    stubInstance(error);

    expect(() => newCore("wasm")).toThrow("violates the policy");
  });

  // Last, because what a policy refuses is not tried again.
  test("falls back to the reference core for good where WebAssembly is forbidden", () => {
    setDefaultCore(undefined);
    const error = new WebAssembly.CompileError("violates the policy");
    const instance = stubInstance(error);

    expect([newCore().kind, newCore().kind]).toEqual(["js", "js"]);
    expect(instance).toHaveBeenCalledTimes(1);
  });
});

/** Makes every attempt at an instance fail. */
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
