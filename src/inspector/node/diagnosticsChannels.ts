// Publishes what all loops of this thread do on Node's diagnostics channels.
//
//   mysyncio.task.started   { task, parent }     mysyncio.task.wakes   { task, by }
//   mysyncio.task.waits     { task, future }     mysyncio.task.ended   { task }
//   mysyncio.warning        { loop, warning }    tracing:mysyncio.step:start and :end   { task }
//
// A channel doesn't report new subscribers, so ours have a `subscribe` of their own. From the first
// subscription on, running loops and loops that start later get hooks. A loop loses its hooks at
// the end of a slice if no subscriber is left.

import { type Channel, channel, tracingChannel } from "node:diagnostics_channel";
import { type HookSet, instrument } from "../../loop/hooks.ts";
import type { LoopHooks } from "../../program/loopHooks.ts";
import { PROBE_VERSION } from "../shapes.ts";

type Loop = Parameters<typeof instrument>[0];
type Listener = Parameters<Channel["subscribe"]>[0];

const KEY = Symbol.for("mysyncio.loops");

const started = channel("mysyncio.task.started");
const waits = channel("mysyncio.task.waits");
const wakes = channel("mysyncio.task.wakes");
const ended = channel("mysyncio.task.ended");
const warning = channel("mysyncio.warning");
const step = tracingChannel<unknown, object>("mysyncio.step");
const stepStart = step.start as Channel;
const stepEnd = step.end as Channel;
const ALL = [started, waits, wakes, ended, warning, stepStart, stepEnd];

/** Functions that remove our hooks, by loop. */
const watched = new Map<Loop, () => void>();

/** The running loops, of all copies of this package: see loop/registry.ts. */
class ObservedLoops extends Set<Loop> {
  override add(loop: Loop): this {
    super.add(loop);
    if (hasSubscribers()) watch(loop);
    return this;
  }

  override delete(loop: Loop): boolean {
    unwatch(loop);
    return super.delete(loop);
  }
}

/** Makes the channels publish while they have subscribers. A second call changes nothing. */
export function openChannels(): void {
  for (const one of ALL) {
    Object.defineProperty(one, "subscribe", {
      configurable: true,
      value(this: Channel, listener: Listener): void {
        // With its first subscriber, a channel changes its prototype and calls `subscribe` again,
        // which is this function.
        (Object.getPrototypeOf(this) as Channel).subscribe.call(this, listener);
        watchAll();
      },
    });
  }
  if (hasSubscribers()) watchAll();
}

function hasSubscribers(): boolean {
  return ALL.some((one) => one.hasSubscribers);
}

function watchAll(): void {
  const loops: Set<Loop> = Reflect.get(globalThis, KEY) ?? new Set();
  if (!(loops instanceof ObservedLoops)) {
    const observed = new ObservedLoops(loops);
    // A recording may have given the set an `add` of its own: see laterLoops.ts.
    const add = Object.getOwnPropertyDescriptor(loops, "add");
    if (add !== undefined) Object.defineProperty(observed, "add", add);
    Reflect.set(globalThis, KEY, observed);
  }
  for (const loop of loops) watch(loop);
}

function watch(loop: Loop): void {
  // The hooks of another version may differ.
  if (watched.has(loop) || (loop as { _probe?: number })._probe !== PROBE_VERSION) return;
  const publish = (to: Channel, message: object): void => {
    if (to.hasSubscribers) to.publish(message);
  };
  const hooks: LoopHooks = {
    taskStarted: (task, parent) => publish(started, { task, parent }),
    stepBegins: (task) => publish(stepStart, { task }),
    stepEnds: (task) => publish(stepEnd, { task }),
    taskWaits: (task, future) => publish(waits, { task, future }),
    taskWakes: (task, by) => publish(wakes, { task, by }),
    taskEnds: (task) => publish(ended, { task }),
    warns: (one) => publish(warning, { loop, warning: one }),
    sliceEnds: () => {
      if (!hasSubscribers()) unwatch(loop);
    },
  };
  watched.set(loop, instrument(loop, hooks as HookSet));
}

function unwatch(loop: Loop): void {
  watched.get(loop)?.();
  watched.delete(loop);
}
