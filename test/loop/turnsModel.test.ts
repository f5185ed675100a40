// Random programs of callbacks that add and cancel callbacks, on the loop and on a model of it that
// is simple enough to trust.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

/** The actions of a callback. Numbers choose among the handles that were added before. */
type Action =
  | { readonly kind: "soon"; readonly body: readonly Action[] }
  | { readonly kind: "later"; readonly delay: number; readonly body: readonly Action[] }
  | { readonly kind: "cancel"; readonly which: number }
  | { readonly kind: "throw" };

interface Entry {
  cancel(): void;
  cancelled(): boolean;
}

/** The operations that a program needs, which both the loop and the model provide. */
interface Callbacks {
  time(): number;
  callSoon(callback: () => void): Entry;
  callLater(delay: number, callback: () => void): Entry;
}

class Model implements Callbacks {
  #now = 0;
  #ready: ModelEntry[] = [];
  #timers: ModelEntry[] = [];

  time(): number {
    return this.#now;
  }

  callSoon(callback: () => void): Entry {
    return this.#add(this.#ready, this.#now, callback);
  }

  callLater(delay: number, callback: () => void): Entry {
    return this.#add(this.#timers, this.#now + Math.max(delay, 0), callback);
  }

  run(): void {
    for (;;) {
      // Sorting is stable, so equal deadlines stay in the order of arrival.
      this.#timers = this.#timers.filter(waits).sort((a, b) => a.when - b.when);
      const due = this.#timers.filter((timer) => timer.when <= this.#now);
      const batch = [...this.#ready.filter(waits), ...due];
      this.#ready = [];
      this.#timers = this.#timers.slice(due.length);
      for (const entry of batch) if (waits(entry)) entry.run();
      if (batch.length > 0) continue;
      if (this.#timers.length === 0) return;
      this.#now = this.#timers[0]!.when;
    }
  }

  #add(queue: ModelEntry[], when: number, callback: () => void): Entry {
    const entry = new ModelEntry(when, callback);
    queue.push(entry);
    return entry;
  }
}

class ModelEntry implements Entry {
  readonly when: number;
  readonly #callback: () => void;
  #cancelled = false;

  constructor(when: number, callback: () => void) {
    this.when = when;
    this.#callback = callback;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  cancelled(): boolean {
    return this.#cancelled;
  }

  run(): void {
    try {
      this.#callback();
    } catch {
      // The error goes to the exception handler, and the loop continues.
    }
  }
}

function waits(entry: ModelEntry): boolean {
  return !entry.cancelled();
}

/**
 * Starts `program`, which records its events in `trace`. Returns the handles, in order of creation.
 */
function start(program: readonly Action[], on: Callbacks, trace: string[]): Entry[] {
  const handles: Entry[] = [];
  const perform = (actions: readonly Action[]): void => {
    for (const action of actions) {
      if (action.kind === "throw") throw new Error("thrown by the program");
      if (action.kind === "cancel") {
        handles[action.which % handles.length]?.cancel();
        continue;
      }
      const name = handles.length;
      const callback = () => {
        trace.push(`${name}@${on.time()}`);
        perform(action.body);
      };
      handles.push(
        action.kind === "soon" ? on.callSoon(callback) : on.callLater(action.delay, callback),
      );
    }
  };
  perform(program.filter(({ kind }) => kind !== "throw"));
  return handles;
}

const delays = fc.constantFrom(-1, 0, 0, 0.5, 1, 1, 2, 10);

const { actions } = fc.letrec<{ actions: Action[]; action: Action }>((tie) => ({
  actions: fc.array(tie("action"), { maxLength: 6, depthIdentifier: "program" }),
  action: fc.oneof(
    { depthIdentifier: "program", depthSize: "medium" },
    fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(50) }),
    fc.record({ kind: fc.constant("throw" as const) }),
    fc.record({ kind: fc.constant("soon" as const), body: tie("actions") }),
    fc.record({ kind: fc.constant("later" as const), delay: delays, body: tie("actions") }),
  ),
}));

test("random programs run as on the model, and leave nothing behind", () => {
  fc.assert(
    fc.property(actions, (program) => {
      const model = new Model();
      const expected: string[] = [];
      const modelled = start(program, model, expected);
      model.run();

      const loop = newVirtualLoop();
      loop.setExceptionHandler(() => {});
      const trace: string[] = [];
      const handles = start(program, loop, trace);
      runDry(loop);

      expect(trace).toEqual(expected);
      expect(handles.map((handle) => handle.cancelled())).toEqual(
        modelled.map((entry) => entry.cancelled()),
      );
      expect([...loop._slots]).toEqual([]);
      loop.close();
    }),
    { numRuns: scale(100, 500) },
  );
});

test("random programs run as on the model when every slice is cut short", async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (program) => {
      const model = new Model();
      const expected: string[] = [];
      start(program, model, expected);
      model.run();

      const loop = newVirtualLoop({ slice: 0.001 });
      loop.setExceptionHandler(() => {});
      const trace: string[] = [];
      start(program, loop, trace);
      loop.callLater(1_000, () => loop.stop());
      await loop.runForever();

      expect(trace).toEqual(expected);
      loop.close();
    }),
    { numRuns: 100 },
  );
});
