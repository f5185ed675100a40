// The signal of a call in a thread.

import { afterEach, expect, test, vi } from "vitest";
import { Work } from "../../src/executors/work.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a call's signal aborts only once, even on platforms whose abort() reads `aborted`", () => {
  class Controller extends AbortController {
    // Deno's abort() does this.
    override abort(reason?: unknown): void {
      if (!this.signal.aborted) super.abort(reason);
    }
  }
  vi.stubGlobal("AbortController", Controller);
  const { signal } = new Work(() => true);
  let aborts = 0;
  signal.addEventListener("abort", () => aborts++);

  expect([signal.aborted, signal.aborted, aborts]).toEqual([true, true, 0]);
});
