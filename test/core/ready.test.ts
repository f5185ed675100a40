// Tests the ready queue and its batches on both cores.

import { beforeEach, describe, expect, test } from "vitest";
import { type Core, newCore, type Priority, SLOT_MASK } from "../../src/core/core.ts";
import { Script } from "./script.ts";

const GENERATIONS = 64;

const BLOCKING: Priority = 0;
const VISIBLE: Priority = 1;
const BACKGROUND: Priority = 2;

describe.each(["wasm", "js"] as const)("ready entries of the %s core", (kind) => {
  let core: Core;
  let script: Script;

  beforeEach(() => {
    core = newCore(kind);
    script = new Script(core);
  });

  test("are taken in the order in which they were pushed", () => {
    script.push("abc");

    expect(script.turn()).toBe("abc");
    expect(script.turn()).toBe("");
  });

  test("pushed while a batch is taken wait for the next turn", () => {
    script.push("ab");

    expect(script.turn(0, (index) => script.push(index === 0 ? "cd" : "e"))).toBe("ab");
    expect(script.turn()).toBe("cde");
  });

  test("can be pushed again as soon as they are taken", () => {
    script.push("ab");
    expect(script.turn(0, (index) => index === 1 && script.push("a"))).toBe("ab");

    expect(script.turn()).toBe("a");
  });

  test("leave a tombstone when they are released", () => {
    script.push("abc");
    script.release("b");

    expect(script.turn()).toBe("a-c");
  });

  test("leave a tombstone when they are released while their batch is taken", () => {
    script.push("abc");

    expect(script.turn(0, (index) => index === 1 && script.release("bc"))).toBe("a--");
  });

  test("run once if they reuse a slot whose tombstone is still in the queue", () => {
    script.push("abc");
    script.release("b");
    script.push("d");
    expect(script.id("d") & SLOT_MASK).toBe(2);

    expect(script.turn()).toBe("a-cd");
  });

  test("stay tombstones when their slot has had so many owners that its ids repeat", () => {
    for (let owner = 0; owner < GENERATIONS; owner++) {
      script.push("a");
      script.release("a");
    }
    script.push("a");

    expect(script.turn()).toBe(`${"-".repeat(GENERATIONS)}a`);
  });

  test("leave the queue once they are taken, so releasing them leaves no tombstone", () => {
    script.push("ab");
    expect(script.turn(0, (index) => index === 1 && script.release("a"))).toBe("ab");
    script.push("c");

    expect(script.turn()).toBe("c");
  });

  test.each([BLOCKING, VISIBLE, BACKGROUND])(
    "at priority %i make hasReady() return true until they are taken",
    (priority) => {
      script.schedule("a", priority);
      expect(core.hasReady()).toBe(true);

      const seen: boolean[] = [];
      script.turn(0, () => seen.push(core.hasReady()));

      expect(seen).toEqual([true]);
      expect(core.hasReady()).toBe(false);
    },
  );

  test("make hasReady() return true even if only their tombstones are left", () => {
    script.schedule("a", BACKGROUND);
    script.release("a");

    expect(core.hasReady()).toBe(true);
    expect(script.turn()).toBe("-");
  });
});
