// Samples a loop about once a second, and keeps what the rules have found.
//
// A busy loop is sampled at the end of a slice, and a sleeping one by a timer of the host. Most
// findings become warnings only when two samples in a row contain them.

import { emit, type Hooks } from "../../loop/hooks.ts";
import { clearTimeout, setTimeout } from "../../loop/hosts/timers.ts";
import type { LoopWarning, WarnedTask } from "../../program/loopHooks.ts";
import { isTask } from "../leaves.ts";
import type { DetectorShape, FutureShape, LoopShape, TaskShape } from "../shapes.ts";
import { Herds, LockConvoys } from "./contention.ts";
import type { Finding, Rule, Sample, Surroundings } from "./finding.ts";
import { GrowingQueues, TimerLeaks } from "./growth.ts";
import { Deadlocks, ForgottenTasks } from "./hangs.ts";
import { Lives } from "./lives.ts";
import { SwallowedCancels, Unreceived } from "./lost.ts";
import { combined } from "./ruleHooks.ts";
import { Steps } from "./steps.ts";

/** The shortest time between two samples, in milliseconds. */
const INTERVAL = 1_000;
/** How many warnings about the past (events rather than lasting states) are kept. */
const MAX_PAST = 100;
/** How many tasks a warning names. */
const MAX_TASKS = 8;

/** What a detector must be given, because it depends on where the detector runs. */
export type Ways = Pick<Surroundings, "now" | "idOf" | "labelOf" | "placeOf">;

interface Raised {
  readonly finding: Finding;
  readonly since: number;
  readonly count: number;
  readonly tasks: readonly NamedTask[];
}

/** A task by its name, with a weak reference to the task if the platform has such. */
interface NamedTask {
  readonly name: string;
  readonly task: { deref(): object | undefined };
}

export class Detector implements DetectorShape {
  readonly #loop: LoopShape;
  readonly #rules: readonly Rule[];
  readonly #ignored: ReadonlySet<string>;
  readonly #lives: Lives;
  readonly #ways: Ways;
  #sampledAt: number;
  /** The findings of the latest sample, each with the time since which it has held. */
  #candidates = new Map<string, number>();
  #raised = new Map<string, Raised>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(loop: LoopShape, ways: Ways, ignored: ReadonlySet<string>) {
    this.#loop = loop;
    this.#ignored = ignored;
    this.#ways = ways;
    this.#sampledAt = loop.time();
    this.#lives = new Lives(() => loop.time());
    const around: Surroundings = { ...ways, loop, lives: this.#lives };
    this.#rules = [
      ...[new SwallowedCancels(around), new Unreceived(around), new Steps(around)],
      ...[new LockConvoys(around), new Herds(around), new GrowingQueues(around)],
      ...[new TimerLeaks(around), new Deadlocks(around), new ForgottenTasks(around)],
    ];
    for (const task of loop._slots) if (isTask(task)) this.#lives.of(task);
  }

  /** Returns the hooks, with a hidden field by which readers find the detector. */
  hooks(): object {
    const last = {
      taskEnds: (task: TaskShape) => this.#lives.end(task),
      sliceEnds: () => this.poll(),
      sleeps: () => this.#sampleLater(),
    };
    const hooks = combined([
      ...[this.#lives.hooks, ...this.#rules.map((rule) => rule.hooks)],
      last as object,
    ]);
    return Object.defineProperty(hooks, "_detector", { value: this });
  }

  /** Ends the timer. The hooks must have been removed. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** Takes a sample if the last one is old enough. */
  poll(): void {
    const time = this.#loop.time();
    if (time - this.#sampledAt < INTERVAL) return;
    const seconds = (time - this.#sampledAt) / 1_000;
    this.#sampledAt = time;
    this.#take({ time, seconds, ...waitsOf(this.#loop) });
  }

  list(idOf: (task: object) => number): LoopWarning[] {
    const found = [...this.#raised.values()].filter(
      ({ finding }) => !this.#ignored.has(finding.id),
    );
    return found.map((raised) => warningOf(raised, idOf));
  }

  #take(sample: Sample): void {
    const candidates = new Map<string, number>();
    const raised = new Map([...this.#raised].filter(([, { finding }]) => finding.isPast));
    const fresh = new Set<string>();
    for (const rule of this.#rules) {
      for (const finding of rule.check(sample)) {
        const key = `${finding.id} ${finding.key}`;
        const since = finding.since ?? this.#candidates.get(key) ?? sample.time;
        candidates.set(key, since);
        if (finding.isSure !== true && !this.#candidates.has(key)) continue;
        const known = raised.get(key) ?? this.#raised.get(key);
        const one: Raised = {
          // Without the tasks, because a warning about the past would keep them alive.
          finding: { ...finding, tasks: [] },
          since: known?.since ?? since,
          count: finding.isPast ? (known?.count ?? 0) + 1 : 1,
          tasks: finding.tasks.slice(0, MAX_TASKS).map(named),
        };
        if (known === undefined) fresh.add(key);
        raised.set(key, one);
      }
    }
    this.#candidates = candidates;
    this.#raised = withoutOldest(raised);
    for (const key of fresh) this.#announce(raised.get(key) as Raised);
  }

  #announce(raised: Raised): void {
    const { hooks } = this.#loop._slots;
    if (hooks === undefined || this.#ignored.has(raised.finding.id)) return;
    // `LoopShape` declares only the hooks that the inspector reads.
    emit(hooks as unknown as Hooks, "warns", warningOf(raised, this.#ways.idOf));
  }

  #sampleLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.poll();
      if (this.#loop.isRunning()) this.#sampleLater();
    }, INTERVAL);
    // In Node, the timer must not keep the process alive. Elsewhere, it is a number.
    (this.#timer as { unref?(): void }).unref?.();
  }
}

/** Returns what each waiting task waits for, and which tasks wait directly for each primitive. */
function waitsOf(loop: LoopShape): Pick<Sample, "waiting" | "lines"> {
  const waiting = new Map<TaskShape, FutureShape>();
  const lines = new Map<object, TaskShape[]>();
  for (const task of loop._slots) {
    if (!isTask(task)) continue;
    const { on } = task._inspect();
    if (on === undefined || on.done()) continue;
    waiting.set(task, on);
    const resource = on._resource?.();
    if (resource === undefined) continue;
    const line = lines.get(resource);
    if (line === undefined) lines.set(resource, [task]);
    else line.push(task);
  }
  return { waiting, lines };
}

function named(task: TaskShape): NamedTask {
  const ref = typeof WeakRef === "function" ? new WeakRef(task) : { deref: () => undefined };
  return { name: task.getName(), task: ref };
}

/** Drops the oldest warnings about the past if there are too many. */
function withoutOldest(raised: Map<string, Raised>): Map<string, Raised> {
  let tooMany = [...raised.values()].filter(({ finding }) => finding.isPast).length - MAX_PAST;
  for (const [key, { finding }] of raised) {
    if (tooMany <= 0) break;
    if (!finding.isPast) continue;
    raised.delete(key);
    tooMany--;
  }
  return raised;
}

function warningOf(
  { finding, since, count, tasks }: Raised,
  idOf: (task: object) => number,
): LoopWarning {
  const { id, message, evidence, place, wayOut } = finding;
  return {
    ...{ id, message, place, wayOut, since },
    evidence: count > 1 ? `${evidence}; ${count.toLocaleString("en")} times in all` : evidence,
    tasks: tasks.map(({ name, task }): WarnedTask => {
      const object = task.deref();
      return { id: object === undefined ? null : idOf(object), name };
    }),
  };
}
