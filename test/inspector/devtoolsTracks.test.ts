import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Coroutine, coroutine, createTask, gather, Lock, sleep } from "../../src/index.ts";
import { asyncStacks, devtoolsTracks } from "../../src/inspector.ts";
import { emit } from "../../src/loop/hooks.ts";
import { explore } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

interface Entry {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly track: string;
}

let entries: Entry[];

beforeEach(() => {
  entries = [];
  // Chrome's signature, which the types of the DOM lack.
  const note = (label: unknown, start: number, end: number, track: string) =>
    entries.push({ label: String(label), start, end, track });
  vi.stubGlobal("console", { ...console, timeStamp: note });
});
afterEach(() => vi.unstubAllGlobals());

function on(track: string): string[] {
  return entries.filter((entry) => entry.track === track).map(({ label }) => label);
}

const worker = coroutine(function* work(lock: Lock): Coroutine<void> {
  yield* lock.with(() => sleep(1));
});

function* program(): Coroutine<void> {
  const lock = new Lock();
  const eager = { name: "eager", eagerStart: true };
  yield* gather([createTask(worker(lock), eager), createTask(worker(lock), { name: "second" })]);
  createTask(function* () {}, { name: "third" });
  yield* sleep(1);
}

describe("devtoolsTracks()", () => {
  test("writes an entry for each step and each wait, and reuses the tracks of tasks that have ended", () => {
    const loop = newVirtualLoop();
    const stop = devtoolsTracks({ loop });
    loop.runUntilCompleteSync(loop.createTask(program(), { name: "main" }));
    stop();
    const count = entries.length;
    loop.runUntilCompleteSync(program);
    loop.close();

    expect(entries).toHaveLength(count);
    expect(on("tasks 1")).toEqual([
      ...["main", "main waits for Gather"],
      ...["main", "main waits for Sleep", "main"],
    ]);
    const ofWorker = (task: string, waits: string[]) =>
      [...waits.map((kind) => ` waits for ${kind}`)].flatMap((wait) => [task, task + wait]);
    expect(on("tasks 2")).toEqual([...[...ofWorker("work (eager)", ["Sleep"]), "work (eager)"]]);
    expect(on("tasks 3")).toEqual([
      ...[...ofWorker("work (second)", ["Lock", "Sleep"]), "work (second)"],
      "third",
    ]);
    const steps = on("steps").filter((label) => !label.endsWith("(function)"));
    expect(steps).toHaveLength(9);
  });

  test("never writes an entry that ends before it starts, in any order of steps, even if tasks are cancelled", async () => {
    await explore(
      function* () {
        entries = [];
        const stop = devtoolsTracks({ tracks: 2 });
        yield* program();
        stop();
        for (const { start, end } of entries) expect(end).toBeGreaterThanOrEqual(start);
        expect(on("tasks 3")).toEqual([]);
      },
      { runs: scale(20, 200), cancelPoints: true, leaks: false },
    );
  });

  test("shows warnings", () => {
    const loop = newVirtualLoop();
    const stop = devtoolsTracks({ loop });
    const warning = { id: "herd", evidence: "9 tasks woke", place: "Event 1", wayOut: "…" };
    emit(loop._slots.hooks ?? [], "warns", warning);
    stop();
    loop.close();

    expect(entries).toMatchObject([{ label: "herd: 9 tasks woke", track: "warnings" }]);
  });

  test("throws for an invalid loop or number, and on platforms that lack the feature", () => {
    const loop = newVirtualLoop();
    expect(() => devtoolsTracks()).toThrow("devtoolsTracks() needs an event loop");
    expect(() => devtoolsTracks({ loop: {} as never })).toThrow("Expected `loop` to be an event");
    expect(() => devtoolsTracks({ loop, tracks: -1 })).toThrow("Expected `tracks` to be");
    expect(() => asyncStacks()).toThrow("asyncStacks() needs an event loop");
    vi.stubGlobal("console", {});
    expect(() => devtoolsTracks({ loop })).toThrow("`console.timeStamp`, which this platform");
    expect(() => asyncStacks({ loop })).toThrow("`console.createTask`, which this platform");
    loop.close();
  });
});
