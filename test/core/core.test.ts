// Tests the contract of a core on both cores: its kind, its slots and its reset.

import { beforeEach, describe, expect, test } from "vitest";
import { type Core, newCore, type Priority, SLOT_BITS, SLOT_MASK } from "../../src/core/core.ts";
import { allocateMany, Script } from "./script.ts";

/** More than any region of a new core can hold. */
const MANY = 10_000;
const GENERATIONS = 64;

const BLOCKING: Priority = 0;
const BACKGROUND: Priority = 2;

describe.each(["wasm", "js"] as const)("the %s core", (kind) => {
  let core: Core;
  let script: Script;

  beforeEach(() => {
    core = newCore(kind);
    script = new Script(core);
  });

  test("reports its kind", () => {
    expect(core.kind).toBe(kind);
  });

  test("is empty when it is created", () => {
    expect(core.turn(Infinity)).toBe(0);
    expect(core.hasReady()).toBe(false);
    expect(core.deadline()).toBe(Infinity);
    expect(core.live()).toBe(0);
    expect(core.timers()).toBe(0);
  });

  describe("slots", () => {
    test("gives every owner a distinct id, never 0", () => {
      const ids = allocateMany(core, MANY);

      expect(new Set(ids).size).toBe(MANY);
      expect(Math.min(...ids)).toBeGreaterThan(0);
      expect(core.live()).toBe(MANY);
    });

    test("reuses the slot that was released last, with the next generation", () => {
      const [first = 0, second = 0] = allocateMany(core, 2);
      core.release(second);
      core.release(first);

      const ids = allocateMany(core, 3);

      expect(ids.map((id) => id & SLOT_MASK)).toEqual([first, second, 3]);
      expect(ids.map((id) => id >> SLOT_BITS)).toEqual([1, 1, 0]);
    });

    test("keeps every id within 30 bits", () => {
      let id = core.allocate();
      for (let owner = 1; owner < GENERATIONS; owner++) {
        core.release(id);
        id = core.allocate();
      }

      expect(id).toBe(((GENERATIONS - 1) << SLOT_BITS) | 1);
      expect(id).toBeLessThan(2 ** 30);
    });

    test("recognizes a stale id until its slot has had 64 more owners", () => {
      const stale = core.allocate();
      core.release(stale);
      for (let owner = 1; owner < GENERATIONS; owner++) {
        const id = core.allocate();
        expect(core.release(stale)).toBe(false);
        core.release(id);
      }

      expect(core.release(stale)).toBe(false); // the slot is free, and the id is that of its next owner
      expect(core.allocate()).toBe(stale);
    });

    test("has no slot for the id 0, nor for one that was never allocated", () => {
      core.allocate();

      expect(core.release(0)).toBe(false);
      expect(core.release(2)).toBe(false);
      expect(core.release(SLOT_MASK)).toBe(false);
      expect(core.live()).toBe(1);
    });

    test("counts the live slots", () => {
      const ids = allocateMany(core, 3);
      core.release(ids[1] as number);
      core.release(ids[1] as number);

      expect(core.live()).toBe(2);
    });
  });

  describe("reset", () => {
    test("empties the core, even in the middle of a batch", () => {
      script.push("abc");
      script.schedule("d", BLOCKING);
      script.schedule("e", BACKGROUND);
      script.addTimers("fg", 1);
      core.turn(0);
      core.take();
      core.reset();

      expect(core.hasReady()).toBe(false);
      expect(core.turn(Infinity)).toBe(0);
      expect(core.deadline()).toBe(Infinity);
      expect(core.live()).toBe(0);
      expect(core.timers()).toBe(0);
    });

    test("makes the core allocate the same ids as a new core", () => {
      const ids = allocateMany(core, 5);
      for (const id of ids.slice(2)) core.release(id);
      core.reset();

      expect(allocateMany(core, 5)).toEqual(ids);
    });

    test("makes earlier ids stale", () => {
      const ids = allocateMany(core, 5);
      core.addTimer(ids[4] as number, 1);
      core.reset();
      core.allocate();

      expect(core.release(ids[4] as number)).toBe(false);
      expect(core.removeTimer(ids[4] as number)).toBe(false);
    });

    test("works on a core that has grown", () => {
      allocateMany(core, MANY).forEach((id) => {
        core.push(id);
      });
      core.reset();
      script.push("ab");
      script.addTimers("c", 1);

      expect(script.turn(1)).toBe("abc");
    });
  });
});
