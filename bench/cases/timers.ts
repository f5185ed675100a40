import { newEventLoop, type TimerHandle } from "mysyncio";
import type { Case } from "../harness.ts";
import { count, sized } from "../sizes.ts";

const TIMERS = sized(100_000);
/** Far enough for none to fire, and none equal: the host sorts its timers by duration. */
const FIRST_DELAY = 100_000;

const nothing = () => {};

function oursAddAndCancel(): void {
  const loop = newEventLoop();
  const timers: TimerHandle[] = [];
  for (let i = 0; i < TIMERS; i++) timers.push(loop.callLater(FIRST_DELAY + i, nothing));
  for (const timer of timers) timer.cancel();
  loop.close();
}

function hostAddAndCancel(): void {
  const timers: NodeJS.Timeout[] = [];
  for (let i = 0; i < TIMERS; i++) timers.push(setTimeout(nothing, FIRST_DELAY + i));
  for (const timer of timers) clearTimeout(timer);
}

/** The limit: an object that can be cancelled, and the time at which it was made. */
function objectsAndClock(): void {
  const timers: { when: number; callback: (() => void) | undefined }[] = [];
  for (let i = 0; i < TIMERS; i++) {
    timers.push({ when: performance.now() + FIRST_DELAY + i, callback: nothing });
  }
  for (const timer of timers) timer.callback = undefined;
}

export default {
  name: "timers",
  question: "What does a timer cost that is cancelled before it fires, as nearly all timeouts are?",
  comparisons: [
    {
      what: `${count(TIMERS)} timers of distinct deadlines, all cancelled`,
      operations: TIMERS,
      ours: { name: "callLater", run: oursAddAndCancel },
      others: [
        { name: "setTimeout", run: hostAddAndCancel, atLeast: 20 },
        { name: "an object and the clock", run: objectsAndClock },
      ],
      peers: ["timers", TIMERS],
    },
  ],
} satisfies Case;
