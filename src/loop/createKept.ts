import { locations } from "../lang/locations.ts";
import { enterScheduler } from "./current.ts";
import { inFlow } from "./hosts/flow.ts";
import { takeRegistrations } from "./kept.ts";
import type { Scheduler } from "./scheduler.ts";

/** A loop that can be closed. */
interface Closable extends Scheduler {
  close(): void;
}

let newLoop: (() => Closable) | undefined;

/**
 * Called before `create` creates a loop. The first loop of a program doesn't wait for the kept
 * instances. They are created when it has let the host run, or with the second loop.
 */
export function beforeLoop(create: () => Closable): void {
  const isFirst = newLoop === undefined;
  newLoop = create;
  if (!isFirst) createKept();
}

/** Creates the kept instances of all classes registered since the last call: see kept.ts. */
export function createKept(): void {
  // Before the loop is created, which calls this function too.
  const registrations = takeRegistrations<Scheduler>();
  if (registrations.length === 0 || newLoop === undefined) return;
  const loop = newLoop();
  const outer = enterScheduler(loop);
  const { watchers } = locations;
  try {
    inFlow(undefined, () => {
      // Debug mode would report the coroutines among them as never awaited.
      locations.watchers = 0;
      for (const register of registrations) register(loop);
    });
  } finally {
    locations.watchers = watchers;
    enterScheduler(outer);
    loop.close();
  }
}
