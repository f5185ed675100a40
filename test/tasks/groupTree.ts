// Trees of task groups. A model predicts the behavior of each part from times alone, and real
// groups perform it. The time of each timer contains a bit of its own, so that no two timers end at
// the same instant. One file, because the model and the real groups must agree line by line.

import * as fc from "fast-check";
import {
  CancelledError,
  type Coroutine,
  currentTask,
  type EventLoop,
  ExceptionGroup,
  sleep,
  taskGroup,
} from "../../src/index.ts";

/** The high part of a time. The low part is the timer's bit. */
interface Timer {
  readonly weight: number;
  /** Set by `number`. */
  delay?: number;
}

type Ending = "gives" | "fails";
type WhenCancelled = "rethrows" | "fails" | "swallows";

/** The behavior of a task, or of a part of it. */
export type Part =
  | {
      readonly kind: "work";
      readonly delay: Timer;
      readonly ending: Ending;
      readonly cleanup: Timer;
      readonly whenCancelled: WhenCancelled;
      name?: string;
    }
  | { readonly kind: "guard"; readonly part: Part }
  | {
      readonly kind: "group";
      readonly children: readonly Child[];
      readonly body: readonly Part[];
      /** When `group.cancel()` is called. */
      readonly cancel: Timer | undefined;
      name?: string;
    };

/** A task of a group, and when something else cancels it. */
export interface Child {
  readonly part: Part;
  readonly cancel: Timer | undefined;
}

const LOW_BITS = 40;

/** Assigns each timer its bit and each part its name. Returns the number of timers. */
export function number(root: Child): number {
  let timers = 0;
  let names = 0;
  const time = (timer: Timer | undefined) => {
    if (timer !== undefined) timer.delay = timer.weight * 2 ** LOW_BITS + 2 ** timers++;
  };
  const visitChild = (child: Child) => {
    time(child.cancel);
    visit(child.part);
  };
  const visit = (part: Part): void => {
    if (part.kind === "guard") return visit(part.part);
    part.name = `${part.kind} ${names++}`;
    if (part.kind === "work") {
      time(part.delay);
      time(part.cleanup);
    } else {
      time(part.cancel);
      part.children.forEach(visitChild);
      part.body.forEach(visit);
    }
  };
  visitChild(root);
  return timers;
}

export const MAX_TIMERS = LOW_BITS;

/** How a part ended. */
type Outcome =
  | { readonly kind: "value" | "cancelled" }
  | { readonly kind: "error"; readonly error: string };

interface Run {
  readonly end: number;
  readonly outcome: Outcome;
  /** Whether the task's next wait throws a cancellation. */
  readonly isPending: boolean;
  readonly account: Account;
}

const VALUE = { kind: "value" } as const;
const CANCELLED = { kind: "cancelled" } as const;

/**
 * The ends of a tree's groups and its task: name, time, outcome, number of cancellation requests.
 */
export type Account = string[];

/** Predicts the events. */
export function predict(root: Child): Account {
  const cancel = root.cancel?.delay;
  const result = task(root.part, 0, cancel === undefined ? [] : [cancel]);
  return [...result.account, entry("root", result.end, result.outcome)].sort();
}

function entry(name: string, end: number, outcome: Outcome, count?: number): string {
  const what = outcome.kind === "error" ? outcome.error : outcome.kind;
  return `${name} at ${end}: ${what}${count === undefined ? "" : `, cancelled ${count} times`}`;
}

function task(part: Part, start: number, cancels: readonly number[]): Run {
  const result = run(part, start, false, cancels);
  const isCancelled = result.isPending && result.outcome.kind === "value";
  return isCancelled ? { ...result, outcome: CANCELLED } : result;
}

/** @param cancels when something other than the groups in `part` cancels the task. */
function run(part: Part, start: number, isPending: boolean, cancels: readonly number[]): Run {
  switch (part.kind) {
    case "work":
      return work(part, start, isPending, cancels);
    case "guard": {
      const result = run(part.part, start, isPending, cancels);
      return result.outcome.kind === "error" ? { ...result, outcome: VALUE } : result;
    }
    case "group":
      return group(part, start, isPending, cancels);
  }
}

function work(
  part: Part & { kind: "work" },
  start: number,
  isPending: boolean,
  cancels: readonly number[],
): Run {
  const end = start + part.delay.delay!;
  const error = { kind: "error", error: part.name! } as const;
  const cancel = isPending ? start : cancels.find((when) => when > start && when < end);
  if (cancel === undefined) {
    return { end, outcome: part.ending === "fails" ? error : VALUE, isPending: false, account: [] };
  }
  const outcomes = { rethrows: CANCELLED, fails: error, swallows: VALUE };
  const outcome = outcomes[part.whenCancelled];
  return { end: cancel + part.cleanup.delay!, outcome, isPending: false, account: [] };
}

function sequence(parts: readonly Part[], start: number, cancels: readonly number[]): Run {
  let result: Run = { end: start, outcome: VALUE, isPending: false, account: [] };
  for (const part of parts) {
    const { account } = result;
    result = run(part, result.end, result.isPending, cancels);
    result = { ...result, account: [...account, ...result.account] };
    if (result.outcome.kind !== "value") break;
  }
  return result;
}

const sorted = (times: readonly number[]) => [...times].sort((a, b) => a - b);

function group(
  part: Part & { kind: "group" },
  start: number,
  isPending: boolean,
  cancels: readonly number[],
): Run {
  const ended = (end: number, outcome: Outcome, pending: boolean, inside: readonly Run[]): Run => {
    const count = cancels.filter((when) => when <= end).length;
    const account = inside.flatMap((part) => part.account);
    account.push(entry(part.name!, end, outcome, count));
    return { end, outcome, isPending: pending, account };
  };
  if (isPending) return ended(start, CANCELLED, false, []);

  // The state just before the group stops, up to and including the instant at which it does.
  const own = part.children.map(({ cancel }) =>
    cancel === undefined ? [] : [start + cancel.delay!],
  );
  const undisturbed = part.children.map((child, i) => task(child.part, start, own[i]!));
  const lastEnd = Math.max(...undisturbed.map(({ end }) => end), start);
  const failures = undisturbed.filter(({ outcome }) => outcome.kind === "error");
  const failure = Math.min(...failures.map(({ end }) => end), Infinity);
  const stop = Math.min(failure, part.cancel === undefined ? Infinity : start + part.cancel.delay!);

  let body = sequence(part.body, start, cancels);
  const isStoppedInBody = stop < body.end;
  if (isStoppedInBody) body = sequence(part.body, start, sorted([...cancels, stop]));

  let isForeign = body.outcome.kind === "cancelled";
  let pending = body.isPending;
  if (isStoppedInBody && !cancels.some((when) => when > start && when <= body.end)) {
    isForeign = false;
    pending = false;
  }
  let abort = isStoppedInBody ? stop : Infinity;
  if (!isStoppedInBody && body.outcome.kind !== "value") abort = body.end;
  if (abort === Infinity) {
    const joined = pending ? body.end : (cancels.find((when) => when > body.end) ?? Infinity);
    const first = Math.min(stop, joined);
    if (first < lastEnd) abort = first;
  }
  const children = part.children.map((child, i) => {
    if (abort >= undisturbed[i]!.end) return undisturbed[i]!;
    return task(child.part, start, sorted([...own[i]!, abort]));
  });
  const end = Math.max(body.end, ...children.map((child) => child.end));
  if (end > body.end) {
    isForeign ||= pending || cancels.some((when) => when > body.end && when < end);
    pending = false;
  }

  const inside = [body, ...children];
  const errors = [...inside]
    .sort((a, b) => a.end - b.end)
    .flatMap(({ outcome }) => (outcome.kind === "error" ? [outcome.error] : []));
  if (errors.length > 0) {
    const isAgain = isForeign && cancels.some((when) => when > start && when <= end);
    return ended(end, { kind: "error", error: `[${errors}]` }, pending || isAgain, inside);
  }
  return ended(end, isForeign ? CANCELLED : VALUE, pending, inside);
}

/** Performs the tree with real groups. */
export function perform(root: Child, loop: EventLoop): Account {
  const account: Account = [];
  const cancelLater = (timer: Timer | undefined, it: { cancel(): unknown }) => {
    if (timer !== undefined) loop.callLater(timer.delay!, () => it.cancel());
  };
  const outcomeOf = (error: unknown): Outcome =>
    error instanceof CancelledError ? CANCELLED : { kind: "error", error: words(error) };

  function* outlive(delay: number): Coroutine<void> {
    const end = loop.time() + delay;
    while (loop.time() < end) {
      try {
        yield* sleep(end - loop.time());
      } catch {}
    }
  }

  function* act(part: Part): Coroutine<void> {
    if (part.kind === "guard") {
      try {
        yield* act(part.part);
      } catch (error) {
        if (error instanceof CancelledError) throw error;
      }
    } else if (part.kind === "work") {
      try {
        yield* sleep(part.delay.delay!);
      } catch (error) {
        yield* outlive(part.cleanup.delay!);
        if (part.whenCancelled === "rethrows") throw error;
        if (part.whenCancelled === "fails") throw part.name;
        return;
      }
      if (part.ending === "fails") throw part.name;
    } else {
      let outcome: Outcome = VALUE;
      try {
        yield* taskGroup(function* (group) {
          cancelLater(part.cancel, group);
          for (const child of part.children) {
            cancelLater(child.cancel, group.createTask(act(child.part)));
          }
          for (const inner of part.body) yield* act(inner);
        });
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        account.push(entry(part.name!, loop.time(), outcome, currentTask()!.cancelling()));
      }
    }
  }

  const rootTask = loop.createTask(act(root.part));
  cancelLater(root.cancel, rootTask);
  rootTask.addDoneCallback(() => {
    const outcome = rootTask.cancelled()
      ? CANCELLED
      : rootTask.exception() === undefined
        ? VALUE
        : outcomeOf(rootTask.exception());
    account.push(entry("root", loop.time(), outcome));
  });
  return account;
}

function words(error: unknown): string {
  return error instanceof ExceptionGroup ? `[${error.errors.map(words)}]` : String(error);
}

const timers = fc.record({ weight: fc.nat(7) }) as fc.Arbitrary<Timer>;
const rarely = fc.option(timers, { nil: undefined, freq: 3 });

const { parts } = fc.letrec<{ parts: Part }>((tie) => ({
  parts: fc.oneof(
    { depthSize: "small", maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant("work" as const),
      delay: timers,
      ending: fc.constantFrom<Ending>("gives", "gives", "fails"),
      cleanup: timers,
      whenCancelled: fc.constantFrom<WhenCancelled>("rethrows", "rethrows", "fails", "swallows"),
    }),
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("group" as const),
        children: fc.array(fc.record({ part: tie("parts"), cancel: rarely }), { maxLength: 3 }),
        body: fc.array(tie("parts"), { maxLength: 3 }),
        cancel: rarely,
      }),
    },
    fc.record({ kind: fc.constant("guard" as const), part: tie("parts") }),
  ) as fc.Arbitrary<Part>,
}));

/** A task, and when it is cancelled. */
export const trees: fc.Arbitrary<Child> = fc.record({ part: parts, cancel: rarely });
