// Makes snapshots by hand, for tests of the code that shows snapshots.

import type {
  InspectorReading,
  InspectorSource,
} from "../../src/inspector/element/inspectorSource.ts";
import type { LoopSnapshot, TaskSnapshot, WaitSnapshot } from "../../src/inspector.ts";

export function taskOf(id: number, name: string, rest: Partial<TaskSnapshot> = {}): TaskSnapshot {
  return {
    ...{ id, name, coroutine: "", parent: null, awaitedBy: [], since: null, created: null },
    ...{ state: rest.waitsFor ? "waiting" : "ready", waitsFor: null, stack: [], cancelling: 0 },
    ...{ steps: null, busy: null, longestStep: null },
    ...rest,
  };
}

export function waitFor(label: string, rest: Partial<WaitSnapshot> = {}): WaitSnapshot {
  const [kind = ""] = label.split(" ");
  return { ...{ kind, label, tasks: [], resources: [], calls: [], until: null }, ...rest };
}

export function snapshotOf(
  tasks: readonly TaskSnapshot[],
  rest: Partial<LoopSnapshot> = {},
): LoopSnapshot {
  return {
    version: 1,
    loop: {
      ...{ id: 1, time: 0, core: "wasm", isRunning: true, isDebug: false, ready: 0, timers: 0 },
      ...{ slots: 0, externals: 0, lag: null, utilization: null },
    },
    ...{ tasks, ready: [], timers: [], resources: [], calls: [], serving: [], warnings: [] },
    ...rest,
  };
}

/** A source whose answers a test sets. */
export class FakeSource implements InspectorSource {
  readonly limits = "";
  readonly cancelled: number[] = [];
  isClosed = false;
  answer: LoopSnapshot | Error;

  constructor(answer: LoopSnapshot | Error) {
    this.answer = answer;
  }

  async read(): Promise<InspectorReading> {
    if (this.answer instanceof Error) throw this.answer;
    return { loops: [{ id: 1, name: "Loop 1" }], snapshot: this.answer };
  }

  async cancel(task: number): Promise<void> {
    this.cancelled.push(task);
  }

  close(): void {
    this.isClosed = true;
  }
}
