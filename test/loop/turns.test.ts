// The callbacks that one turn runs, and their order. Long orders are searched for the first wrong
// place, because toEqual takes seconds for so many items.

import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

const MANY = scale(100_000, 1_000_000);

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function push(...letters: string[]): void {
  trace.push(...letters);
}

/** The events on the loop until nothing was left to do, as one word. */
function traced(): string {
  runDry(loop);
  return trace.join("");
}

describe("callSoon", () => {
  test("runs callbacks in the order in which they were added", () => {
    for (const letter of "abcde") loop.callSoon(push, letter);

    expect(traced()).toBe("abcde");
  });

  test("passes all arguments on", () => {
    loop.callSoon(push, "a", "b", "c");

    expect(traced()).toBe("abc");
  });

  test("runs a callback twice if it was added twice", () => {
    loop.callSoon(push, "a");
    loop.callSoon(push, "a");

    expect(traced()).toBe("aa");
  });

  test("never runs a callback in the call that adds it", () => {
    loop.callSoon(() => {
      loop.callSoon(push, "b");
      push("a");
    });

    expect(traced()).toBe("ab");
  });
});

describe("a turn", () => {
  test("leaves callbacks that become ready during it to the next turn", () => {
    loop.callSoon(() => {
      push("a");
      loop.callSoon(push, "c");
      loop.stop();
    });
    loop.callSoon(push, "b");
    loop.runForeverSync();
    push("|");

    expect(traced()).toBe("ab|c");
  });

  test("leaves a timer that becomes due during it to the next turn", () => {
    loop.callSoon(() => {
      loop.callLater(0, push, "t");
      loop.callSoon(push, "b");
      push("a");
    });

    expect(traced()).toBe("abt");
  });

  test("runs due timers after everything that was ready when it began", () => {
    loop.callLater(0, push, "t");
    loop.callSoon(() => {
      push("a");
      loop.callSoon(push, "c");
    });
    loop.callSoon(push, "b");

    expect(traced()).toBe("abtc");
  });
});

describe("timers", () => {
  test("run in the order of their deadlines", () => {
    loop.callLater(30, push, "c");
    loop.callLater(10, push, "a");
    loop.callLater(20, push, "b");

    expect(traced()).toBe("abc");
  });

  test("that are due at the same instant run in the order in which they were added", () => {
    const when = loop.time() + 10;
    for (const letter of "abcdefgh") loop.callAt(when, push, letter);

    expect(traced()).toBe("abcdefgh");
  });

  test("distinguish deadlines by fractions of a millisecond", () => {
    loop.callLater(1.5, push, "b");
    loop.callLater(1.25, push, "a");

    expect(traced()).toBe("ab");
  });

  test("treat a negative delay as 0", () => {
    const [earlier, now] = [loop.callLater(-5, push, "a"), loop.callLater(0, push, "b")];

    expect([earlier.when(), now.when(), traced()]).toEqual([loop.time(), loop.time(), "ab"]);
  });

  test("run in the order of their deadlines even if all are overdue", () => {
    loop = newVirtualLoop();
    loop.callLater(10, push, "|");
    runDry(loop);
    loop.callAt(7, push, "b");
    loop.callAt(3, push, "a");
    loop.callAt(7, push, "c");

    expect(traced()).toBe("|abc");
  });

  test("never run with a delay of Infinity", () => {
    loop.callLater(Infinity, push, "never");
    loop.callLater(1e15, push, "a");

    expect([traced(), loop.time()]).toEqual(["a", 1e15]);
  });

  test("run when the loop's clock reaches their deadline", () => {
    const times: number[] = [];
    for (const delay of [5, 0.25, 1e6]) loop.callLater(delay, () => times.push(loop.time()));
    runDry(loop);

    expect(times).toEqual([0.25, 5, 1e6]);
  });

  test("run in order even if there are a hundred thousand", () => {
    const delays = Array.from({ length: MANY }, (_, index) => (index * 7919) % 1009);
    const ran: number[] = [];
    for (const [index, delay] of delays.entries()) loop.callLater(delay, (i) => ran.push(i), index);
    runDry(loop);
    const sorted = [...delays.keys()].sort((a, b) => delays[a]! - delays[b]! || a - b);

    expect(ran.length).toBe(MANY);
    expect(ran.findIndex((index, place) => index !== sorted[place])).toBe(-1);
  });
});

describe("a core that must grow", () => {
  const CALLERS = 300;
  const CALLS = 200;

  test("while callbacks run loses nothing and keeps the order", () => {
    const ran: number[] = [];
    for (let caller = 0; caller < CALLERS; caller++) {
      loop.callSoon(() => {
        for (let call = 0; call < CALLS; call++) {
          loop.callLater(call, () => ran.push(CALLERS * (CALLS + call) + caller));
          loop.callSoon(() => ran.push(caller * CALLS + call));
        }
      });
    }
    runDry(loop);

    expect(ran.length).toBe(2 * CALLERS * CALLS);
    expect(ran.findIndex((index, place) => index !== place)).toBe(-1);
  });

  test("in the middle of a batch runs the rest of the batch first", () => {
    const ran: number[] = [];
    loop.callSoon(() => {
      for (let i = 0; i < 50_000; i++) loop.callSoon(() => ran.push(1_000 + i));
    });
    for (let i = 0; i < 1_000; i++) loop.callSoon(() => ran.push(i));
    runDry(loop);

    expect(ran.length).toBe(51_000);
    expect(ran.findIndex((index, place) => index !== place)).toBe(-1);
  });
});
