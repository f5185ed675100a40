// The worker's side of the inspector: reads this worker's loops, and runs them at the page's pace.
//
// An inspected program begins paused, because most programs end before the page has drawn anything.

import { PageSource } from "../../../src/inspector/element/inspectorPage.ts";
import { answer } from "./channel.ts";
import type { InspectRequest } from "./protocol.ts";

type Recording = ReturnType<PageSource["record"]>;

export class Inspected {
  readonly #source = new PageSource(() => undefined);
  #recording: Recording | undefined;

  /** Pauses the running loop, and returns once the host has run. */
  async hold(): Promise<void> {
    for (const { id } of this.#source.read(null, null).loops) this.#source.pace(id)?.pause();
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** Lets all loops continue. */
  release(): void {
    for (const { id } of this.#source.read(null, null).loops) this.#source.pace(id)?.resume();
  }

  hear({ loop, act }: InspectRequest): void {
    if (act.kind === "read") {
      const reading = this.#source.read(loop, act.task);
      const { limits } = this.#source;
      answer({ kind: "reading", number: act.number, reading, limits });
      this.#recording?.refresh();
    } else if (act.kind === "pace") this.#setPace(loop, act.interval);
    else if (act.kind === "step") this.#source.pace(loop ?? 0)?.step();
    else if (act.kind === "detect") this.#source.detect(loop ?? 0);
    else if (act.kind === "record") {
      this.#recording?.stop();
      this.#recording = this.#source.record(loop ?? 0, (events) =>
        answer({ kind: "recorded", events }),
      );
    } else {
      this.#recording?.stop();
      this.#recording = undefined;
    }
  }

  #setPace(loop: number | null, interval: number): void {
    const pace = this.#source.pace(loop ?? 0);
    if (interval === 0) pace?.resume();
    else if (interval === Infinity) pace?.pause();
    else pace?.slow(interval);
  }
}
