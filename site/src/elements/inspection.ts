// <mysyncio-inspector> for the loops of a program that runs in a worker.

import "mysyncio/inspector/element";
import type {
  InspectorReading,
  InspectorSource,
  MysyncioInspector,
  SourceRecording,
  TraceEvent,
} from "mysyncio/inspector/element";
import type { Answer, InspectRequest } from "../lib/protocol.ts";
import { make } from "./dom.ts";
import type { Program } from "./program.ts";

type Act = InspectRequest["act"];
type Pace = ReturnType<NonNullable<InspectorSource["pace"]>>;

/** In turns per second. */
const FIRST_PACE = 4;

export class Inspection {
  readonly element: MysyncioInspector;
  readonly #source: WorkerSource;
  readonly #theme: MutationObserver;

  constructor(program: Program) {
    this.#source = new WorkerSource(program);
    this.element = make("mysyncio-inspector", { panel: "timeline", pace: FIRST_PACE });
    this.element.source = this.#source;
    this.#theme = new MutationObserver(() => this.#setTheme());
    this.#theme.observe(document.documentElement, { attributeFilter: ["class"] });
    this.#setTheme();
  }

  hear(answer: Answer): void {
    this.#source.hear(answer);
  }

  leave(): void {
    this.#theme.disconnect();
  }

  #setTheme(): void {
    const isDark = document.documentElement.classList.contains("dark");
    this.element.setAttribute("theme", isDark ? "dark" : "light");
  }
}

const NOTHING: InspectorReading = { loops: [], snapshot: null };

class WorkerSource implements InspectorSource {
  limits = "";
  readonly #program: Program;
  readonly #readers = new Map<number, (reading: InspectorReading) => void>();
  #last = NOTHING;
  #show: ((events: readonly TraceEvent[]) => void) | undefined;
  #count = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  read(loop: number | null, task: number | null): Promise<InspectorReading> | InspectorReading {
    const number = this.#count++;
    // After the program has ended, its last reading is still shown.
    if (!this.#ask(loop, { kind: "read", number, task })) return this.#last;
    return new Promise((resolve) => this.#readers.set(number, resolve));
  }

  detect(loop: number): void {
    this.#ask(loop, { kind: "detect" });
  }

  record(loop: number, show: (events: readonly TraceEvent[]) => void): SourceRecording {
    this.#show = show;
    this.#ask(loop, { kind: "record" });
    return {
      // The worker sends what is new after each reading.
      refresh: () => undefined,
      stop: () => {
        this.#show = undefined;
        this.#ask(loop, { kind: "stopRecording" });
      },
    };
  }

  pace(loop: number): Pace {
    const set = (interval: number) => void this.#ask(loop, { kind: "pace", interval });
    const paced = {
      pause: () => set(Infinity),
      slow: set,
      resume: () => set(0),
      step: () => void this.#ask(loop, { kind: "step" }),
    };
    return paced as unknown as Pace;
  }

  hear(answer: Answer): void {
    if (answer.kind === "reading") {
      this.limits = answer.limits;
      if (answer.reading.snapshot !== null) this.#last = answer.reading;
      this.#readers.get(answer.number)?.(this.#last);
      this.#readers.delete(answer.number);
    } else if (answer.kind === "recorded") this.#show?.(answer.events);
    else if (answer.kind === "ended") {
      for (const resolve of this.#readers.values()) resolve(this.#last);
      this.#readers.clear();
    }
  }

  /** Leaves the program running, because it ends by itself or by the page's buttons. */
  close(): void {
    this.#show = undefined;
  }

  #ask(loop: number | null, act: Act): boolean {
    return this.#program.inspect({ kind: "inspect", loop, act });
  }
}
