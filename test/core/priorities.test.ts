// Tests priorities on both cores.

import { beforeEach, describe, expect, test } from "vitest";
import { type Core, newCore, type Priority } from "../../src/core/core.ts";
import { allocateMany, Script, takeTurn } from "./script.ts";

const BLOCKING: Priority = 0;
const VISIBLE: Priority = 1;
const BACKGROUND: Priority = 2;

describe.each(["wasm", "js"] as const)("priorities of the %s core", (kind) => {
  let core: Core;
  let script: Script;

  beforeEach(() => {
    core = newCore(kind);
    script = new Script(core);
  });

  test("are served in order, and entries of equal priority in order of arrival", () => {
    script.schedule("x", BACKGROUND);
    script.push("m");
    script.schedule("a", BLOCKING);
    script.schedule("n", VISIBLE);
    script.schedule("b", BLOCKING);

    expect(script.turn()).toBe("abmnx");
  });

  test("do not interrupt the batch that is being taken", () => {
    script.push("mn");
    expect(script.turn(0, (index) => index === 0 && script.schedule("a", BLOCKING))).toBe("mn");

    script.push("o");
    expect(script.turn()).toBe("ao");
  });

  test("run all background entries in an otherwise empty turn", () => {
    script.schedule("uvwxyz", BACKGROUND);

    expect(script.turn()).toBe("uvwxyz");
  });

  test.each([
    { others: 1, share: 1 },
    { others: 15, share: 1 },
    { others: 16, share: 2 },
    { others: 80, share: 10 },
    { others: 1_000, share: 20 },
  ])(
    "let $share of 20 background entries run in a turn with $others other entries",
    ({ others, share }) => {
      const background = allocateMany(core, 20);
      const visible = allocateMany(core, others);
      for (const id of background) core.schedule(id, BACKGROUND);
      for (const id of visible) core.push(id);

      expect(takeTurn(core)).toEqual([...visible, ...background.slice(0, share)]);
    },
  );

  test("limit background entries by the number of all others, including due timers and tombstones", () => {
    script.schedule("xyz", BACKGROUND);
    script.schedule("abcde", BLOCKING);
    script.push("mnopq");
    script.addTimers("stuvwk", 1);
    script.release("bn");

    expect(script.turn(1)).toBe("a-cdem-opqstuvwkxy");
  });

  test("never starve background entries", () => {
    script.schedule("xyz", BACKGROUND);

    const turns = ["abcd", "abcd", "abcd"].map((others) => {
      script.schedule(others, BLOCKING);
      return script.turn();
    });

    expect(turns).toEqual(["abcdx", "abcdy", "abcdz"]);
  });

  test("keep tombstones in every queue", () => {
    script.schedule("ab", BLOCKING);
    script.push("mn");
    script.schedule("xy", BACKGROUND);
    script.release("amx");

    expect(script.turn()).toBe("-b-n-");
    expect(script.turn()).toBe("y");
  });

  test("let an entry of any priority be released while its batch is being taken", () => {
    script.schedule("ab", BLOCKING);
    script.push("mn");
    script.schedule("x", BACKGROUND);

    expect(script.turn(0, (index) => index === 1 && script.release("bnx"))).toBe("a-m--");
  });
});
