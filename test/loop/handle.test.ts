import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop, Handle } from "../../src/index.ts";
import { collectGarbage } from "../support/garbage.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function push(letter: string): void {
  trace.push(letter);
}

/** The events on the loop until nothing was left to do, as one word. */
function traced(): string {
  runDry(loop);
  return trace.join("");
}

describe("cancel", () => {
  test("prevents a ready callback from running", () => {
    loop.callSoon(push, "a");
    loop.callSoon(push, "x").cancel();
    loop.callSoon(push, "b");

    expect(traced()).toBe("ab");
  });

  test("prevents a timer from running", () => {
    loop.callLater(1, push, "a");
    loop.callLater(2, push, "x").cancel();
    loop.callLater(3, push, "b");

    expect(traced()).toBe("ab");
  });

  test("prevents the loop's clock from jumping to the timer", () => {
    loop.callLater(1_000, push, "x").cancel();
    runDry(loop);

    expect(loop.time()).toBe(0);
  });

  test("prevents a callback of the same turn from running", () => {
    loop.callSoon(() => later.cancel());
    loop.callSoon(push, "a");
    const later = loop.callSoon(push, "x");

    expect(traced()).toBe("a");
  });

  test("prevents a timer that is due in the same turn from running", () => {
    loop.callLater(1, () => second.cancel());
    const second = loop.callLater(1, push, "x");
    loop.callLater(1, push, "a");

    expect(traced()).toBe("a");
  });

  test("frees the slot immediately", () => {
    const handles = [loop.callSoon(push, "x"), loop.callLater(1, push, "x")];
    for (const handle of handles) handle.cancel();

    expect([...loop._slots]).toEqual([]);
  });

  test("does not affect a callback that has reused the slot", () => {
    const first = loop.callSoon(push, "x");
    first.cancel();
    loop.callSoon(push, "a");
    first.cancel();

    expect(traced()).toBe("a");
  });

  test("does nothing to a callback that is running", () => {
    const handle: Handle = loop.callSoon(() => {
      handle.cancel();
      push("a");
      loop.callSoon(push, "b");
    });

    expect(traced()).toBe("ab");
  });

  test("does nothing to a callback that has run", () => {
    const handle = loop.callSoon(push, "a");
    runDry(loop);
    loop.callSoon(push, "b");
    handle.cancel();

    expect(traced()).toBe("ab");
  });

  test("lets the arguments of a callback that has run be collected", async () => {
    const hold = (): [Handle, WeakRef<object>] => {
      const held = {};
      return [loop.callSoon((object) => push(typeof object), held), new WeakRef(held)];
    };
    const [handle, held] = hold();
    runDry(loop);
    handle.cancel();
    await collectGarbage(() => held.deref() === undefined);

    expect([trace, handle.cancelled(), held.deref()]).toEqual([["object"], true, undefined]);
  });

  test("does nothing once the loop is closed", () => {
    const [handle, timer] = [loop.callSoon(push, "x"), loop.callLater(1, push, "x")];
    loop.close();
    loop = newVirtualLoop();
    loop.callSoon(push, "a");
    loop.callLater(1, push, "b");
    handle.cancel();
    timer.cancel();

    expect(traced()).toBe("ab");
  });
});

test("cancelled() returns whether cancel() was called", () => {
  const [kept, cancelled, ran] = [
    loop.callLater(1, push, "a"),
    loop.callSoon(push, "x"),
    loop.callSoon(push, "b"),
  ];
  cancelled.cancel();
  runDry(loop);

  expect([kept, cancelled, ran].map((handle) => handle.cancelled())).toEqual([false, true, false]);
});

test("when() returns the deadline on the loop's clock", () => {
  loop.callLater(100, () => {});
  runDry(loop);

  expect([
    loop.callLater(2.5, push, "a").when(),
    loop.callAt(7, push, "b").when(),
    loop.callLater(Infinity, push, "x").when(),
  ]).toEqual([102.5, 7, Infinity]);
});
