import { type EventLoop, newEventLoop, type TimerHandle } from "mysyncio";
import type { Case } from "../harness/compare.ts";
import { count, sized } from "../sizes.ts";

export const TIMERS = sized(100_000);
/**
 * Late enough that none fires, and all different, because the host sorts its timers by duration.
 */
const FIRST_DELAY = 100_000;

const nothing = () => {};

export function addAndCancel(loop: EventLoop): void {
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

/** The lower bound: an object that can be cancelled, and its creation time. */
function objectsAndClock(): void {
  const timers: { when: number; callback: (() => void) | undefined }[] = [];
  for (let i = 0; i < TIMERS; i++) {
    timers.push({ when: performance.now() + FIRST_DELAY + i, callback: nothing });
  }
  for (const timer of timers) timer.callback = undefined;
}

export default {
  name: "timers",
  question: "What does a timer cost if it is cancelled before it fires, like nearly all timeouts?",
  comparisons: [
    {
      what: `${count(TIMERS)} timers of distinct deadlines, all cancelled`,
      operations: TIMERS,
      ours: { name: "callLater", run: () => addAndCancel(newEventLoop()) },
      others: [
        { name: "setTimeout", run: hostAddAndCancel, atLeast: 12 },
        { name: "an object and the clock", run: objectsAndClock, isLimit: true },
      ],
      peers: ["timers", TIMERS],
    },
  ],
} satisfies Case;
