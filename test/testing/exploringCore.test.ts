// By default the exploring core keeps the order of production loops, on either core.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Core, newCore } from "../../src/core/core.ts";
import { EventLoop, type Handle, newEventLoop } from "../../src/index.ts";
import { ExploringCore, type Policy } from "../../src/testing/exploringCore.ts";
import { RandomPolicy, ScriptPolicy } from "../../src/testing/policies.ts";
import { VirtualClock } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

/** The actions of a callback: it schedules others, or cancels one of them. */
interface Deed {
  readonly kind: "soon" | "later" | "cancel";
  readonly number: number;
}

const deeds = fc.array(
  fc.array(
    fc.record<Deed>({
      kind: fc.constantFrom("soon", "soon", "later", "cancel"),
      number: fc.nat({ max: 5 }),
    }),
    { maxLength: 4 },
  ),
  { minLength: 1, maxLength: 40 },
);

/**
 * Runs a program of callbacks, each with the next list of actions. Returns the callbacks in order,
 * with their times.
 */
function trace(loop: EventLoop, program: readonly (readonly Deed[])[]): string[] {
  const ran: string[] = [];
  const handles: Handle[] = [];
  let next = 0;
  function make(): () => void {
    const number = handles.length;
    return () => {
      ran.push(`${number}@${loop.time()}`);
      for (const { kind, number } of program[next++] ?? []) {
        if (kind === "soon") handles.push(loop.callSoon(make()));
        else if (kind === "later") handles.push(loop.callLater(number % 3, make()));
        else handles.at(-1 - number)?.cancel();
      }
    };
  }
  for (let i = 0; i < 3; i++) handles.push(loop.callSoon(make()));
  runDry(loop);
  loop.close();
  return ran;
}

function explored(inner: Core, policy: Policy): { core: ExploringCore; loop: EventLoop } {
  const core = new ExploringCore(inner, policy);
  const loop = new EventLoop({ clock: new VirtualClock() }, core);
  return { core, loop };
}

test("always choosing the first candidate produces the order of an ordinary loop", () => {
  fc.assert(
    fc.property(deeds, (program) => {
      const { loop } = explored(newCore(), new ScriptPolicy([]));
      expect(trace(loop, program)).toEqual(trace(newVirtualLoop(), program));
    }),
    { numRuns: scale(100, 500) },
  );
});

test("the order does not depend on the wrapped core", () => {
  fc.assert(
    fc.property(deeds, fc.integer(), (program, seed) => {
      const traces = (["wasm", "js"] as const).map((kind) => {
        const { core, loop } = explored(newCore(kind), new RandomPolicy(seed));
        return { trace: trace(loop, program), choices: core.choices, live: core.live() };
      });
      expect(traces[0]).toEqual(traces[1]);
    }),
    { numRuns: scale(100, 500) },
  );
});

test("any ready task may run next, but not a cancelled one", () => {
  const { core, loop } = explored(newCore(), new ScriptPolicy([2, 1]));
  let letters = "";
  const [a] = [..."abcd"].map((letter) => loop.callSoon(() => (letters += letter)));
  a?.cancel();
  runDry(loop);

  expect(letters).toBe("dcb");
  expect(core.choices).toEqual({ chosen: [2, 1], counts: [3, 2] });
});

test("a loop that is created later has an ordinary core", () => {
  const { loop } = explored(newCore(), new ScriptPolicy([]));
  const other = newEventLoop();

  expect(other._core).not.toBe(loop._core);
  loop.close();
  other.close();
});
