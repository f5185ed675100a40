// Looks for warnings in the process or page that a command inspects.

import type { Reader } from "../reader.ts";
import type { LoopShape, TaskShape } from "../shapes.ts";
import { attachDetector, type Detection } from "../warnings/attachDetector.ts";

export class TargetWarnings {
  readonly #reader: Reader;
  /** The detectors that were started here. */
  readonly #own = new Map<LoopShape, Detection>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * Looks for warnings on these loops from now on. If the program does so itself, uses the
   * program's detector.
   */
  look(loops: readonly LoopShape[]): void {
    for (const loop of loops) {
      this.#reader.idOf(loop); // before its tasks get ids, so that the first loop is number 1
      const found = loop._slots.hooks?.find(({ hooks }) => hooks._detector)?.hooks._detector;
      if (found !== undefined) found.poll();
      else this.#start(loop);
    }
    for (const loop of this.#own.keys()) if (!loop.isRunning()) this.#stop(loop);
  }

  /** Stops the detectors that were started here, and removes their hooks. */
  stop(): void {
    for (const loop of this.#own.keys()) this.#stop(loop);
  }

  #start(loop: LoopShape): void {
    const ways = {
      now: () => performance.now(),
      // A stand-in, which the command replaces with the functions and lines of the tasks.
      placeOf: (task: TaskShape) => task._describe(),
    };
    this.#own.set(loop, attachDetector(loop, this.#reader, ways));
  }

  #stop(loop: LoopShape): void {
    this.#own.get(loop)?.end();
    this.#own.delete(loop);
  }
}
