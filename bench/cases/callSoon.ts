import { type Coroutine, getRunningLoop, run } from "mysyncio";
import type { Case, Comparison } from "../harness/compare.ts";
import { count, sized } from "../sizes.ts";

const CHAINS = sized(1_000);
const TIMES = 1_000;

type Schedule = (callback: () => void) => unknown;

/** Chains of callbacks, each of which schedules the next. Settles when the last one has run. */
function runChains(schedule: Schedule): Promise<void> {
  return new Promise((resolve) => {
    let running = CHAINS;
    for (let chain = 0; chain < CHAINS; chain++) {
      let left = TIMES;
      const callback = () => {
        if (--left > 0) schedule(callback);
        else if (--running === 0) resolve();
      };
      schedule(callback);
    }
  });
}

function* runOurChains(): Coroutine<void> {
  const loop = getRunningLoop();
  const done = loop.createFuture<void>();
  let running = CHAINS;
  for (let chain = 0; chain < CHAINS; chain++) {
    let left = TIMES;
    const callback = () => {
      if (--left > 0) loop.callSoon(callback);
      else if (--running === 0) done.setResult();
    };
    loop.callSoon(callback);
  }
  yield* done;
}

/** The lower bound: an array of objects, each of which could be cancelled. */
function runBareChains(): Promise<void> {
  let ready: { callback: (() => void) | undefined }[] = [];
  const done = runChains((callback) => ready.push({ callback }));
  while (ready.length > 0) {
    const turn = ready;
    ready = [];
    for (const { callback } of turn) callback?.();
  }
  return done;
}

/** What the host's schedulers lack whose callbacks run before anything else. */
const LACKS = "cancel a callback, or let the host run in between";

/** The other schedulers of the host, if it has any. */
function hostsOthers(): Comparison["others"] {
  const host = globalThis as { setImmediate?: Schedule; process?: { nextTick: Schedule } };
  const { setImmediate, process } = host;
  return [
    ...(setImmediate ? [{ name: "setImmediate", run: () => runChains(setImmediate) }] : []),
    ...(process?.nextTick
      ? [{ name: "process.nextTick", run: () => runChains(process.nextTick), lacks: LACKS }]
      : []),
  ];
}

export default {
  name: "callSoon",
  question: "What does scheduling and running a callback cost?",
  comparisons: [
    {
      what: `${count(CHAINS)} chains of ${count(TIMES)} callbacks`,
      operations: CHAINS * TIMES,
      ours: { name: "callSoon", run: () => run(runOurChains) },
      others: [
        { name: "queueMicrotask", run: () => runChains(queueMicrotask), lacks: LACKS },
        ...hostsOthers(),
        { name: "an array of objects", run: runBareChains, isLimit: true },
      ],
      peers: ["callSoon", CHAINS, TIMES],
    },
  ],
} satisfies Case;
