// Holds what an inspector shows, as signals, and decides when to read the loop again.

import { batch, computed, effect, signal } from "@preact/signals-core";
import type { TraceEvent } from "../traceEvent.ts";
import type { LoopSnapshot, TaskPhase, TaskSnapshot } from "../types.ts";
import type { InspectorSource, LoopChoice, SourceRecording } from "./inspectorSource.ts";
import { MetricHistory } from "./metricHistory.ts";
import { type StepChart, stepChartOf } from "./stepChart.ts";
import { taskRowsOf } from "./taskRows.ts";

export const PANELS = ["tasks", "timeline", "timers", "waits", "locks", "warnings"] as const;
export type PanelName = (typeof PANELS)[number];

/** How fast a loop of the page runs: at full speed, in turns per second, or not at all. */
export type Pace = "full" | "paused" | number;

/** The largest part of the time that readings may take. */
const SHARE = 0.1;
const SHORTEST_INTERVAL = 250;
const LONGEST_INTERVAL = 10_000;
/**
 * After this many milliseconds without an answer, the user is told that the program may be stopped.
 */
const PATIENCE = 5_000;

/** With more tasks than this, reading and drawing happen in different frames. */
const MANY = 2_000;

const NO_CHART = stepChartOf([]);

export class InspectorModel {
  readonly loops = signal<readonly LoopChoice[]>([]);
  readonly snapshot = signal<LoopSnapshot | null>(null);
  /** What went wrong in the last reading or cancellation; empty if nothing did. */
  readonly failure = signal("");
  /** A sentence on what the source cannot show; empty if it shows everything. */
  readonly limits = signal("");
  readonly panel = signal<PanelName>("timeline");
  readonly selected = signal<number | null>(null);
  readonly query = signal("");
  readonly phase = signal<TaskPhase | null>(null);
  /** The tasks whose children are hidden. */
  readonly collapsed = signal<ReadonlySet<number>>(new Set());
  readonly pace = signal<Pace>("full");
  /** The pace to set on a loop when the inspector begins to show it; undefined sets none. */
  firstPace: Pace | undefined;
  readonly isRecording = signal(true);
  readonly chart = signal<StepChart>(NO_CHART);
  readonly history = new MetricHistory();
  readonly mayCancel = signal(false);
  /** What a screen reader announces: what the user has done, and new kinds of warnings. */
  readonly announcement = signal("");

  readonly tasks = computed<ReadonlyMap<number, TaskSnapshot>>(
    () => new Map(this.snapshot.value?.tasks.map((task) => [task.id, task])),
  );
  readonly rows = computed(() =>
    taskRowsOf(
      this.snapshot.value?.tasks ?? [],
      this.query.value,
      this.phase.value,
      this.collapsed.value,
    ),
  );
  /** What to show while there is no snapshot. */
  readonly absence = computed(() =>
    this.failure.value !== ""
      ? "Not connected"
      : this.#hasRead.value
        ? "No loop is running"
        : "Reading…",
  );
  readonly canPace = computed(
    () => this.snapshot.value !== null && this.#source.value?.pace !== undefined,
  );

  readonly #source = signal<InspectorSource | undefined>(undefined);
  readonly #hasRead = signal(false);
  /** The kinds of warnings that were announced. */
  readonly #announced = new Set<string>();
  #chosen: number | null = null;
  /** The loop on which `firstPace` was last set. */
  #pacedLoop: number | undefined;
  #recording: SourceRecording | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;

  constructor() {
    effect(() => {
      const id = this.snapshot.value?.loop.id;
      const { value: panel } = this.panel;
      const isWanted = this.isRecording.value && panel === "timeline";
      if (id !== undefined && panel === "warnings") this.#source.peek()?.detect?.(id);
      if (id === undefined || !isWanted) this.#stopRecording();
      else this.#record(id);
    });
  }

  get source(): InspectorSource | undefined {
    return this.#source.value;
  }

  /** Shows another source from now on. */
  open(source: InspectorSource): void {
    this.close();
    this.#source.value = source;
    void this.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stopRecording();
    this.#source.value?.close();
    this.#pacedLoop = undefined;
    batch(() => {
      this.#source.value = undefined;
      this.snapshot.value = null;
      this.loops.value = [];
      this.pace.value = "full";
      this.chart.value = NO_CHART;
      this.#hasRead.value = false;
      this.#announced.clear();
      this.history.clear();
    });
  }

  choose(loop: number): void {
    this.#chosen = loop;
    this.#stopRecording();
    this.selected.value = null;
    this.setPace("full");
    void this.refresh();
  }

  /** Reads now, and again after a while. */
  async refresh(): Promise<void> {
    const source = this.#source.value;
    if (source === undefined || this.#isReading) return;
    this.#isReading = true;
    clearTimeout(this.#timer);
    const began = performance.now();
    const selected = this.selected.value;
    const late = setTimeout(() => {
      this.failure.value = "No answer: the program may be busy or stopped.";
    }, PATIENCE);
    try {
      const reading = source.read(this.#chosen, selected);
      const { loops, snapshot } = reading instanceof Promise ? await reading : reading;
      // Reading many tasks takes one frame, and drawing them another.
      if ((snapshot?.tasks.length ?? 0) > MANY) await nextFrame();
      if (this.#source.value !== source) return;
      batch(() => {
        this.failure.value = "";
        this.loops.value = loops;
        this.limits.value = source.limits;
        this.snapshot.value = snapshot;
        this.#hasRead.value = true;
        if (snapshot !== null) {
          this.history.add(snapshot);
          this.#announce(snapshot.warnings);
        }
      });
      this.#recording?.refresh();
      this.#setFirstPace(snapshot?.loop.id);
    } catch (error) {
      if (this.#source.value !== source) return;
      this.failure.value = error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(late);
      this.#isReading = false;
      const isCurrent = this.#source.value === source && this.selected.value === selected;
      if (isCurrent) this.#readLater(performance.now() - began);
      else void this.refresh(); // another source was opened, or another task selected, meanwhile
    }
  }

  /** Announces each kind of warning once, when it is first found. */
  #announce(warnings: LoopSnapshot["warnings"]): void {
    for (const { id, message } of warnings) {
      if (!this.#announced.has(id)) this.announcement.value = `Warning: ${message}`;
      this.#announced.add(id);
    }
  }

  setPace(pace: Pace): void {
    const id = this.snapshot.value?.loop.id;
    const paced = id === undefined ? undefined : this.#source.value?.pace?.(id);
    if (paced === undefined) return;
    this.pace.value = pace;
    if (pace === "full") paced.resume();
    else if (pace === "paused") paced.pause();
    else paced.slow(1_000 / pace);
    this.announcement.value = pace === "paused" ? "Paused" : "Running";
    void this.refresh();
  }

  #setFirstPace(loop: number | undefined): void {
    if (loop === undefined || loop === this.#pacedLoop || this.firstPace === undefined) return;
    this.#pacedLoop = loop;
    this.setPace(this.firstPace);
  }

  step(): void {
    const id = this.snapshot.value?.loop.id;
    const paced = id === undefined ? undefined : this.#source.value?.pace?.(id);
    if (paced === undefined) return;
    if (this.pace.value !== "paused") this.setPace("paused");
    paced.step();
  }

  /** Shows the details of a task; null hides them. */
  select(task: number | null): void {
    this.selected.value = task;
    // Only a selected task is read with its whole stack.
    if (task !== null) void this.refresh();
  }

  async cancel(task: number): Promise<void> {
    try {
      await this.#source.value?.cancel?.(task);
      this.announcement.value = "Cancellation requested";
    } catch (error) {
      this.failure.value = error instanceof Error ? error.message : String(error);
    }
    await this.refresh();
  }

  toggle(task: number): void {
    const collapsed = new Set(this.collapsed.value);
    if (!collapsed.delete(task)) collapsed.add(task);
    this.collapsed.value = collapsed;
  }

  #readLater(took: number): void {
    const interval = Math.min(Math.max(took / SHARE, SHORTEST_INTERVAL), LONGEST_INTERVAL);
    this.#timer = setTimeout(() => {
      // Don't read while the page is hidden.
      if (document.visibilityState === "hidden") this.#readLater(took);
      else void this.refresh();
    }, interval);
  }

  #recordedLoop: number | undefined;

  #record(loop: number): void {
    if (this.#recordedLoop === loop) return;
    this.#stopRecording();
    const show = (events: readonly TraceEvent[]) => {
      this.chart.value = stepChartOf(events);
    };
    this.#recording = this.#source.peek()?.record?.(loop, show);
    this.#recordedLoop = loop;
  }

  #stopRecording(): void {
    this.#recording?.stop();
    this.#recording = undefined;
    this.#recordedLoop = undefined;
  }
}

function nextFrame(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}
