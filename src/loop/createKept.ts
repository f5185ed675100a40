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
 * Called before `create` creates a loop. Creates the kept instances (see kept.ts), but not before
 * the program's first loop, because a short program would have to wait for them. They are created
 * once the first loop has let the host run, or before the second loop.
 */
export function beforeLoop(create: () => Closable): void {
  const isFirst = newLoop === undefined;
  newLoop = create;
  if (!isFirst) createKept();
}

/** Creates the kept instances of all classes registered since the last call: see kept.ts. */
export function createKept(): void {
  // Taken before the loop is created, because creating it calls this function again.
  const registrations = takeRegistrations<Scheduler>();
  if (registrations.length === 0 || newLoop === undefined) return;
  const loop = newLoop();
  const outer = enterScheduler(loop);
  const { watchers } = locations;
  try {
    inFlow(undefined, () => {
      // Debug mode would report kept coroutines as never awaited.
      locations.watchers = 0;
      for (const register of registrations) register(loop);
    });
  } finally {
    locations.watchers = watchers;
    enterScheduler(outer);
    loop.close();
  }
}
