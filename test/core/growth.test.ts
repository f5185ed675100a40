// Tests growing every structure of a core, on both cores.

import { beforeEach, describe, expect, test } from "vitest";
import { type Core, newCore, type Priority } from "../../src/core/core.ts";
import { allocateMany, Script, takeTurn } from "./script.ts";

/** More than any region of a new core can hold. */
const MANY = 10_000;

const BLOCKING: Priority = 0;
const BACKGROUND: Priority = 2;

describe.each(["wasm", "js"] as const)("a growing %s core", (kind) => {
  let core: Core;
  let script: Script;

  beforeEach(() => {
    core = newCore(kind);
    script = new Script(core);
  });

  test("keeps the batch and later entries of the ready queue in order", () => {
    const ids = allocateMany(core, MANY);
    const early = ids.slice(0, 1_500);
    const late = ids.slice(1_500);
    for (const id of early) core.push(id);

    const half = Array.from({ length: core.turn(0) / 2 }, () => core.take());
    for (const id of late) core.push(id);
    const rest = Array.from({ length: early.length / 2 }, () => core.take());

    expect([...half, ...rest]).toEqual(early);
    expect(takeTurn(core)).toEqual(late);
  });

  test.each([BLOCKING, BACKGROUND])("keeps the queue of priority %i in order", (priority) => {
    const ids = allocateMany(core, MANY);
    const early = ids.slice(0, 700);
    const late = ids.slice(700);
    for (const id of early) core.schedule(id, priority);

    const half = Array.from({ length: core.turn(0) / 2 }, () => core.take());
    for (const id of late) core.schedule(id, priority);
    const rest = Array.from({ length: early.length / 2 }, () => core.take());

    expect([...half, ...rest]).toEqual(early);
    expect(takeTurn(core)).toEqual(late);
  });

  test("keeps its batch and timers when it adds slots, and stale ids stay stale", () => {
    script.push("abcd");
    script.addTimers("ef", 1);
    const stale = core.allocate();
    core.release(stale);

    const trace = script.turn(0, (index) => {
      if (index === 1) allocateMany(core, MANY);
      if (index === 2) script.release("d");
    });

    expect(trace).toBe("abc-");
    expect(core.release(stale)).toBe(false);
    expect(core.deadline()).toBe(1);
    expect(script.turn(1)).toBe("ef");
  });

  test("makes room within a turn for any number of due timers and of entries of any priority", () => {
    const ids = allocateMany(core, 3 * MANY);
    const blocking = ids.slice(0, MANY);
    const timers = ids.slice(MANY, 2 * MANY);
    const background = ids.slice(2 * MANY);
    for (const id of background) core.schedule(id, BACKGROUND);
    for (const id of timers) core.addTimer(id, 1);
    for (const id of blocking) core.schedule(id, BLOCKING);

    const share = (2 * MANY) / 8;
    expect(takeTurn(core, 1)).toEqual([...blocking, ...timers, ...background.slice(0, share)]);
    expect(takeTurn(core, 1)).toEqual(background.slice(share));
  });

  test("keeps tombstones in their positions", () => {
    const ids = allocateMany(core, MANY);
    for (const id of ids) {
      core.push(id);
      if (id % 3 === 0) core.release(id);
    }

    expect(takeTurn(core)).toEqual(ids.map((id) => (id % 3 === 0 ? 0 : id)));
  });
});
