// Tests due timers on both cores.

import { beforeEach, describe, expect, test } from "vitest";
import { type Core, newCore, type Priority } from "../../src/core/core.ts";
import { scale } from "../support/effort.ts";
import { Script, shuffled, takeTurn } from "./script.ts";

const BLOCKING: Priority = 0;

describe.each(["wasm", "js"] as const)("timers of the %s core", (kind) => {
  let core: Core;
  let script: Script;

  beforeEach(() => {
    core = newCore(kind);
    script = new Script(core);
  });

  test("become ready by deadline, those with equal deadlines in the order of arrival", () => {
    script.addTimers("c", 3);
    script.addTimers("a", 1);
    script.addTimers("d", 3);
    script.addTimers("b", 1.5);
    script.addTimers("e", 3);

    expect(script.turn(3)).toBe("abcde");
  });

  test("become ready behind what is already ready", () => {
    script.addTimers("b", 1);
    script.push("a");
    script.schedule("x", BLOCKING);

    expect(script.turn(1)).toBe("xab");
  });

  test("are due when their deadline is reached, not before", () => {
    script.addTimers("a", -1);
    script.addTimers("b", 1);
    script.addTimers("c", Infinity);

    const turns = [-2, -1, 0.999, 1, Number.MAX_VALUE].map((now) => script.turn(now));
    expect(turns).toEqual(["", "a", "", "b", ""]);
    expect(core.timers()).toBe(1);
  });

  test("added while a batch is taken wait for the next turn, even if they are due", () => {
    script.push("a");

    expect(script.turn(5, () => script.addTimers("b", 1))).toBe("a");
    expect(script.turn(5)).toBe("b");
  });

  test("report the earliest deadline", () => {
    const deadlines = [core.deadline()];
    for (const [letter, when] of Object.entries({ a: 5, b: 7, c: 3.25 })) {
      script.addTimers(letter, when);
      deadlines.push(core.deadline());
    }
    for (const letter of "cab") {
      core.removeTimer(script.id(letter));
      deadlines.push(core.deadline());
    }

    expect(deadlines).toEqual([Infinity, 5, 5, 3.25, 5, 7, Infinity]);
  });

  test("are idle once removed, and their slots can be used again", () => {
    script.addTimers("abc", 1);

    expect(core.removeTimer(script.id("b"))).toBe(true);
    expect(core.timers()).toBe(2);
    expect(core.live()).toBe(3);
    script.addTimers("b", 1);
    expect(script.turn(1)).toBe("acb");
  });

  test("can be removed only if they are on the heap", () => {
    script.addTimers("a", 1);
    script.push("b");
    const [ready, idle, stale] = [script.id("b"), script.id("c"), script.id("d")];
    script.release("d");
    script.turn(1);

    const ids = [script.id("a"), ready, idle, stale, 0];
    expect(ids.filter((id) => core.removeTimer(id))).toEqual([]);
  });

  test("leave the heap when they are released", () => {
    script.addTimers("abc", 1);
    script.release("b");

    expect(core.timers()).toBe(2);
    expect(script.turn(1)).toBe("ac");
  });

  test.each([
    ["removed", (id: number) => core.removeTimer(id)],
    ["released", (id: number) => core.release(id)],
  ])("keep their order when one is %s, wherever in the heap", (_, takeOut) => {
    const size = 50; // three levels of a 4-ary heap, and some of the fourth
    const deadlines = shuffled(size).map((number) => number >> 1);
    for (let removed = 0; removed < size; removed++) {
      core.reset();
      const ids = deadlines.map((when) => {
        const id = core.allocate();
        core.addTimer(id, when);
        return id;
      });
      takeOut(ids[removed] as number);

      const expected = ids
        .map((id, index) => ({ id, when: deadlines[index] as number }))
        .filter((_timer, index) => index !== removed)
        .sort((a, b) => a.when - b.when) // stable: equal deadlines stay in order of arrival
        .map(({ id }) => id);
      expect(takeTurn(core, size)).toEqual(expected);
    }
  });

  test("work with hundreds of thousands of entries", () => {
    const count = scale(100_000, 1_000_000);
    const byDeadline = new Int32Array(count);
    for (const when of shuffled(count)) {
      const id = core.allocate();
      core.addTimer(id, when);
      byDeadline[when] = id;
    }
    expect(core.timers()).toBe(count);

    for (let when = 0; when < count; when += 2) core.release(byDeadline[when] as number);
    expect(core.deadline()).toBe(1);

    let inOrder = core.turn(count);
    expect(inOrder).toBe(count / 2);
    for (let when = 1; when < count; when += 2) {
      if (core.take() === byDeadline[when]) inOrder--;
    }
    expect(inOrder).toBe(0);
  });
});
