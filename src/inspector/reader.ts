// Reads a loop into a snapshot.
//
// Reading changes nothing in the loop. The same code is also evaluated, as text, in processes that
// never imported the inspector, so it imports little and depends on no class of this package. It
// may run in the middle of a step, so it must tolerate half-done state. This is one file because
// all parts of a snapshot get their ids from the same numbering.

import { callDoor, type ServedCall } from "../executors/servedCalls.ts";
import { monotonicClock } from "../loop/clock.ts";
import { PRIORITIES, type TaskPriority } from "../tasks/kernel/taskOptions.ts";
import { readyEntries, timerEntries } from "./cores.ts";
import { isTask, kindOf, kindOfCall, type Leaves, leavesOf } from "./leaves.ts";
import { LONGEST_NAME } from "./longestName.ts";
import {
  type CallShape,
  type FactsShape,
  type FutureShape,
  type LoopShape,
  PROBE_VERSION,
  type RunnableShape,
  type TaskShape,
} from "./shapes.ts";
import type {
  CallSnapshot,
  FrameSnapshot,
  LoopSnapshot,
  ReadySnapshot,
  ResourceSnapshot,
  ServedSnapshot,
  TaskSnapshot,
  TimerSnapshot,
  WaitSnapshot,
} from "./types.ts";

/** What a caller in the same copy of the package can add to a snapshot. */
export interface Known {
  /** Returns the name of a generator's function. */
  functionName?(generator: object): string | undefined;
  /** Returns the functions that a task is in, innermost last. */
  frames?(task: object): readonly FrameSnapshot[];
}

export interface Reading {
  readonly snapshot: LoopSnapshot;
  /** For each task of the snapshot: the generators of its frames, innermost last. */
  readonly generators: readonly (readonly object[])[];
}

/** What the tasks of a loop wait for. */
interface Awaited {
  /** The locks, queues and similar objects, each with a future in its line. */
  readonly resources: Map<object, FutureShape>;
  /** The calls elsewhere, each with the ids of the tasks that await it. */
  readonly calls: Map<FutureShape, number[]>;
  /** The tasks, each with the ids of the tasks that await it. */
  readonly tasks: Map<object, number[]>;
}

/** The names of the priorities, by number. */
const PRIORITY_NAMES = /* @__PURE__ */ Object.keys(PRIORITIES) as TaskPriority[];

/** @throws RangeError if the loop belongs to a version of the package that this one can't read */
export function checkVersion(loop: LoopShape): void {
  const { _probe } = loop;
  if (_probe === PROBE_VERSION) return;
  throw new RangeError(
    `Cannot read a loop of version ${_probe}, only ${PROBE_VERSION}. Use the program's own mysyncio`,
  );
}

export class Reader {
  readonly #ids = new WeakMap<object, number>();
  readonly #numbers = new WeakMap<object, number>();
  readonly #counts = new Map<string, number>();
  #lastId = 0;

  /** @throws RangeError if the loop belongs to a version of the package that this one can't read */
  read(loop: LoopShape, known: Known = {}): Reading {
    checkVersion(loop);
    const { _slots: slots, _core: core } = loop;
    this.idOf(loop); // before the tasks, so that the loop has a lower number
    const runnables = [...slots];
    const tasks = runnables.filter(
      (runnable) => isTask(runnable) && !runnable.done(),
    ) as TaskShape[];
    // The program and the command `mysyncio` may both collect statistics. The program's statistics
    // lack the tasks that started before the program began to collect.
    const facts = slots.hooks?.flatMap(({ hooks }) => hooks._facts ?? []) ?? [];
    const detector = slots.hooks?.find(({ hooks }) => hooks._detector)?.hooks._detector;
    // A closed loop has no runnables, and its core may already serve another loop.
    const isOwn = ({ id }: { readonly id: number }) => slots.at(id) !== undefined;
    const ready = readyEntries(core).filter(isOwn);
    const timers = timerEntries(core)
      .filter(isOwn)
      .map(({ id, when }) => ({ when, runnable: slots.at(id) as RunnableShape }));
    const deadlines = new Map<unknown, number>(timers.map((one) => [one.runnable, one.when]));
    const awaited: Awaited = { resources: new Map(), calls: new Map(), tasks: new Map() };
    const waits = tasks.map((task) => this.#wait(task, awaited, deadlines));
    const served = new Map(Array.from(callDoor().calls, (call) => [call.task, call]));
    const generators = tasks.map((task) => generatorsOf(task, served.get(task)));
    const snapshot: LoopSnapshot = {
      version: 1,
      loop: {
        ...this.#loop(loop, facts[0]),
        ready: ready.length,
        timers: timers.length,
        slots: runnables.length,
      },
      tasks: tasks.map((task, at) =>
        this.#task(
          task,
          slots.current,
          waits[at] ?? null,
          awaited.tasks.get(task) ?? [],
          known.frames?.(task) ??
            (generators[at] as object[]).map((generator) => frameOf(generator, known)),
          facts,
        ),
      ),
      ready: ready.flatMap(({ id, priority }) =>
        this.#ready(slots.at(id) as RunnableShape, priority),
      ),
      timers: timers.flatMap(({ when, runnable }) => this.#timer(runnable, when)),
      resources: [...awaited.resources].map(([one, waiting]) => this.#resource(one, waiting)),
      calls: [...awaited.calls].map(([call, by]) => this.#call(call, by)),
      serving: this.serving(({ loop: owner }) => owner === loop),
      warnings: detector?.list((task) => this.idOf(task)) ?? [],
    };
    return { snapshot, generators };
  }

  #loop(
    loop: LoopShape,
    facts: FactsShape | undefined,
  ): Omit<LoopSnapshot["loop"], "ready" | "timers" | "slots"> {
    return {
      id: this.idOf(loop),
      time: loop.time(),
      core: loop._core.kind,
      isRunning: loop.isRunning(),
      isDebug: loop.getDebug(),
      externals: loop._external,
      lag: facts?.lag ?? null,
      utilization: facts?.utilization ?? null,
    };
  }

  /** Returns what a task waits for, and adds it to `awaited`. Returns null if it doesn't wait. */
  #wait(
    task: TaskShape,
    awaited: Awaited,
    deadlines: ReadonlyMap<unknown, number>,
  ): WaitSnapshot | null {
    const on = task._inspect().on;
    if (on === undefined || on.done()) return null;
    const leaves = leavesOf(on);
    const waiter = this.idOf(task);
    for (const one of leaves.tasks) append(awaited.tasks, one, waiter);
    for (const call of leaves.calls) append(awaited.calls, call, waiter);
    for (const waiting of leaves.resources) {
      const resource = waiting._resource?.();
      if (resource === undefined || awaited.resources.has(resource)) continue;
      awaited.resources.set(resource, waiting);
    }
    return {
      kind: kindOf(on),
      label: this.#labelOf(on, leaves),
      tasks: leaves.tasks.map((one) => this.idOf(one)),
      resources: leaves.resources.map((one) => this.idOf(one._resource?.() as object)),
      calls: leaves.calls.map((one) => this.idOf(one)),
      until: deadlines.get(on) ?? null,
    };
  }

  #call(call: FutureShape, awaitedBy: readonly number[]): CallSnapshot {
    const label = call._describe();
    const kind = kindOfCall(label) ?? "call";
    const key = call._callKey?.() ?? null;
    return { id: this.idOf(call), kind, label, worker: workerIn(label), awaitedBy, key };
  }

  #task(
    task: TaskShape,
    running: RunnableShape | undefined,
    waitsFor: WaitSnapshot | null,
    awaitedBy: readonly number[],
    stack: readonly FrameSnapshot[],
    facts: readonly FactsShape[],
  ): TaskSnapshot {
    const [own] = facts.flatMap((one) => one.ofTask(task) ?? []);
    return {
      id: this.idOf(task),
      name: task.getName().slice(0, LONGEST_NAME),
      coroutine: stack[0]?.functionName ?? "",
      parent: own?.parent === undefined ? null : this.idOf(own.parent),
      awaitedBy,
      state: task === running ? "running" : waitsFor === null ? "ready" : "waiting",
      since: own?.since ?? null,
      created: own?.created ?? null,
      waitsFor,
      stack,
      cancelling: task.cancelling(),
      steps: own?.steps ?? null,
      busy: own?.busy ?? null,
      longestStep: own?.longestStep ?? null,
    };
  }

  #ready(runnable: RunnableShape, priority: number): ReadySnapshot {
    const kind = isTask(runnable) ? "task" : runnable.when === undefined ? "callback" : "timer";
    return {
      kind,
      task: isTask(runnable) ? this.idOf(runnable) : null,
      label: runnable._describe(),
      priority: PRIORITY_NAMES[priority] ?? "user-visible",
    };
  }

  #timer(runnable: RunnableShape, when: number): TimerSnapshot {
    const sleeper = [...(runnable._waiters?.() ?? [])].find(isTask);
    const task = runnable._task ?? sleeper;
    const kind =
      runnable._task !== undefined ? "timeout" : runnable._waiters ? "sleep" : "callback";
    return {
      when,
      kind,
      task: task === undefined ? null : this.idOf(task),
      label: runnable._describe(),
    };
  }

  #resource(resource: object, waiting: FutureShape): ResourceSnapshot {
    const { qsize, maxsize } = resource as { qsize?(): number; maxsize?: number };
    let first = waiting;
    while (first._ahead !== undefined) first = first._ahead;
    const line: number[] = [];
    for (let next: FutureShape | undefined = first; next !== undefined; next = next._behind) {
      const task = [...next._waiters()].find(isTask);
      if (task !== undefined) line.push(this.idOf(task));
    }
    return {
      id: this.idOf(resource),
      kind: kindOf(waiting),
      label: this.nameOf(resource, kindOf(waiting)),
      holders: [...(waiting._holders?.() ?? [])]
        .flatMap(({ by }) => (isTask(by) ? by : []))
        .map((one) => this.idOf(one)),
      line,
      size: qsize?.call(resource) ?? null,
      limit: typeof maxsize === "number" && maxsize > 0 && maxsize < Infinity ? maxsize : null,
    };
  }

  #labelOf(on: FutureShape, { tasks, resources, calls }: Leaves): string {
    if (isTask(on) || tasks.length + resources.length + calls.length === 0) return on._describe();
    const [waiting] = resources;
    if (waiting === on) return this.#placeOf(on);
    const [task] = tasks;
    const parts = [
      tasks.length === 1 && task !== undefined ? task._describe() : counted(tasks.length, "task"),
      ...resources.map((one) => this.#placeOf(one)),
      calls.length === 0 || calls[0] === on ? "" : counted(calls.length, "call"),
    ].filter((part) => part !== "");
    return parts.length === 0 ? on._describe() : `${on._describe()} of ${parts.join(", ")}`;
  }

  /** Describes what a task stands in line for, such as `an item from Queue 1`. */
  #placeOf(waiting: FutureShape): string {
    return this.nameOf(waiting._resource?.() as object, waiting._describe());
  }

  /**
   * Returns `what`, followed by the number of the resource among those of its kind, as in `Lock 1`.
   * The number stays the same in later snapshots.
   */
  nameOf(resource: object, what: string = resource.constructor.name): string {
    const kind = resource.constructor.name;
    const number = this.#numbers.get(resource) ?? (this.#counts.get(kind) ?? 0) + 1;
    if (!this.#numbers.has(resource)) {
      this.#numbers.set(resource, number);
      this.#counts.set(kind, number);
    }
    return `${what} ${number}`;
  }

  /**
   * Returns the calls for which `isWanted` returns true, among those that this thread runs for
   * callers elsewhere.
   */
  serving(isWanted: (call: ServedCall) => boolean): ServedSnapshot[] {
    const now = monotonicClock.now();
    return [...callDoor().calls].filter(isWanted).map(({ key, name, since, task }) => ({
      ...{ key, name, age: now - since },
      task: task === undefined ? null : this.idOf(task),
    }));
  }

  /** Finds a task by its id. Returns undefined if the task is done. */
  taskOf(loop: LoopShape, id: number): TaskShape | undefined {
    const tasks = [...loop._slots].filter(isTask);
    return tasks.find((task) => this.idOf(task) === id && !task.done());
  }

  /** Returns the number of an object, the same in each snapshot. */
  idOf(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) {
      id = ++this.#lastId;
      this.#ids.set(object, id);
    }
    return id;
  }
}

/**
 * Returns the generators of a task, outermost first.
 *
 * @param call the call that the task runs for a caller elsewhere, if it runs one. If the call's
 * coroutine is a plain generator, no `_caller` leads to that generator, so it is inserted right
 * after the generators of this package that are around it
 */
function generatorsOf(task: TaskShape, call: ServedCall | undefined): object[] {
  const { body, innermost } = task._inspect();
  const found: object[] = [];
  for (let next: CallShape | undefined = innermost; next !== undefined; next = next._caller) {
    found.push(next._generator);
  }
  // The body is the outermost call, or a plain generator that contains the calls.
  const outermost = (body as Partial<CallShape>)._generator ?? body;
  if (found.at(-1) !== outermost) found.push(outermost);
  found.reverse();
  const served = (call?.coro as Partial<CallShape> | undefined)?._generator ?? call?.coro;
  const isGenerator = Object.prototype.toString.call(served) === "[object Generator]";
  if (served !== undefined && isGenerator && !found.includes(served)) {
    found.splice(call?.wrappers ?? 0, 0, served);
  }
  return found;
}

function frameOf(generator: object, known: Known): FrameSnapshot {
  const functionName = known.functionName?.(generator) ?? "";
  return { functionName, file: null, line: null, column: null };
}

function append(map: Map<object, number[]>, key: object, id: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [id]);
  else known.push(id);
}

/**
 * Returns the worker in the description of a call, such as `(in worker 3)` or `(running on name)`;
 * null if the description has none.
 */
function workerIn(label: string): string | null {
  return /\((?:in worker|\w+ on) ([^\s)]+)/.exec(label)?.[1] ?? null;
}

function counted(count: number, noun: string): string {
  return count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
