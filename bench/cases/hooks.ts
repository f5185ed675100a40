// Runs only if it is named on the command line, because only tools use hooks.

import {
  type Coroutine,
  type EventLoop,
  getRunningLoop,
  type LoopHooks,
  newEventLoop,
  run,
} from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import { count } from "../sizes.ts";
import { completeFutures, FUTURES } from "./future.ts";
import { TASKS as SPAWNED, spawnAll } from "./spawn.ts";
import { gatherAll, TASKS as SWITCHING, YIELDS } from "./switch.ts";
import { addAndCancel, TIMERS } from "./timers.ts";

const counts = { started: 0, steps: 0, waits: 0, wakes: 0, ended: 0, timers: 0 };

/** Each counts, and does nothing else. */
const SIX: LoopHooks = {
  taskStarted: () => void counts.started++,
  stepBegins: () => void counts.steps++,
  taskWaits: () => void counts.waits++,
  taskWakes: () => void counts.wakes++,
  taskEnds: () => void counts.ended++,
  timerAdded: () => void counts.timers++,
};

type Instrument = (loop: EventLoop) => unknown;

const none: Instrument = () => undefined;
const removed: Instrument = (loop) => loop.instrument(SIX)();
const six: Instrument = (loop) => loop.instrument(SIX);

/** Some work on a separate loop, which is prepared first. */
type Work = (instrument: Instrument) => unknown;

const inTask =
  (body: () => Coroutine<void>): Work =>
  (instrument) =>
    run(function* (): Coroutine<void> {
      instrument(getRunningLoop());
      yield;
      yield* body();
    });

const WORK: readonly (readonly [what: string, operations: number, work: Work])[] = [
  [
    `${count(SWITCHING)} tasks x ${count(YIELDS)} bare yields`,
    SWITCHING * YIELDS,
    inTask(gatherAll),
  ],
  [`${count(FUTURES)} futures`, FUTURES, inTask(completeFutures)],
  [`${count(SPAWNED)} tasks of one yield`, SPAWNED, inTask(spawnAll)],
  [
    `${count(TIMERS)} timers`,
    TIMERS,
    (instrument) => {
      const loop = newEventLoop();
      instrument(loop);
      addAndCancel(loop);
    },
  ],
];

/** Compares with a loop that never had hooks. */
function rowsOf(name: string, instrument: Instrument, atMost: number): Comparison[] {
  return WORK.map(([what, operations, work]) => ({
    what: `${what}, ${name}`,
    operations,
    ours: { name, run: () => work(instrument) },
    others: [{ name: "no hooks", run: () => work(none), atMost }],
  }));
}

export default {
  name: "hooks",
  question: "What do the hooks of a loop cost, and what do they leave behind?",
  comparisons: [
    // Measured first, before the process has run any hook.
    ...rowsOf("hooks that were removed", removed, 1.02),
    ...rowsOf("six hooks that count", six, 1.25),
  ],
} satisfies Case;
