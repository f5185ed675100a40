// Starts a detector on a loop, for the program itself, for a page's inspector, or for a command.

import { type HookSet, instrument } from "../../loop/hooks.ts";
import type { Reader } from "../reader.ts";
import type { LoopShape } from "../shapes.ts";
import { Detector, type Ways } from "./detector.ts";

const NONE: ReadonlySet<string> = new Set();

/** A detector that is attached to a loop. */
export interface Detection {
  readonly detector: Detector;
  /** Removes the detector's hooks and ends its timer. */
  end(): void;
}

/**
 * Attaches a detector to a loop. The detector numbers objects through `reader`, so that warnings
 * and snapshots use the same numbers.
 */
export function attachDetector(
  loop: LoopShape,
  reader: Reader,
  { now, placeOf }: Pick<Ways, "now" | "placeOf">,
  ignored: ReadonlySet<string> = NONE,
): Detection {
  const detector = new Detector(
    loop,
    {
      ...{ now, placeOf },
      idOf: (object) => reader.idOf(object),
      labelOf: (resource) => reader.nameOf(resource),
    },
    ignored,
  );
  // `LoopShape` leaves out what only the loop itself uses.
  const remove = instrument(
    loop as unknown as Parameters<typeof instrument>[0],
    detector.hooks() as HookSet,
  );
  return {
    detector,
    end() {
      remove();
      detector.close();
    },
  };
}
