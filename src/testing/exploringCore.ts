// A core that leaves the order of what is ready to a policy.
//
// Slots and timers are those of an ordinary core, compiled or not. What is ready stands in
// a list here, in the order in which it got ready, and each turn is one entry of it: so
// every step of a task is a choice among all that is ready.
//
//   ready   │ a │ b │ c │ d │ e │         choice 0 is a: first come, first served
//             └── the round ──┘
//
// Who always chooses 0 gets the order of the loop that users run, if nobody set a
// priority: due timers come in when the round is over, which is that loop's turn.
// Priorities are ignored: they are hints, and a correct program does not rely on them.

import type { Core, CoreKind } from "../core/core.ts";

/** Says which of several ready entries comes next. Must not throw: it is asked between two steps, where nobody catches. */
export interface Policy {
  /**
   * The index of the entry that comes next; called only where there are at least two.
   *
   * @param ready their ids, those first that got ready first.
   * @param current the index of the one that took the last step; -1 if it is not ready any more.
   */
  choose(ready: readonly number[], current: number): number;
}

/** What was chosen in a run, and from how many. Two arrays of numbers: there are many runs. */
export interface Choices {
  readonly chosen: readonly number[];
  readonly counts: readonly number[];
}

/** Who hears of what happens. Must not run code of a user. */
export interface Observer {
  /** Called once after each step, before the next one is chosen. */
  readonly afterStep?: ((id: number) => void) | undefined;
  /** Called when it is known which. */
  readonly onStep?: ((id: number, count: number) => void) | undefined;
  /** Called when nothing is ready, before the clock leaps to `deadline`. */
  onDry(deadline: number): void;
  /** Called when so many steps were taken that the run may have no end. */
  onLimit(): void;
}

/** Nobody takes so many steps in a row while others are ready: they would starve, as they never do on a loop of users. */
const MOST_IN_A_ROW = 100;

export class ExploringCore implements Core {
  /** What was chosen since the last reset. */
  readonly choices: { readonly chosen: number[]; readonly counts: number[] } = {
    chosen: [],
    counts: [],
  };
  /** The steps taken since the last reset. */
  steps = 0;
  policy: Policy;
  observer: Observer | undefined;
  /** After so many steps everything is first come, first served; after twice as many the run has no end. */
  maxSteps = Infinity;
  readonly #inner: Core;
  readonly #ready: number[] = [];
  /** How many of the first entries belong to the round. */
  #round = 0;
  /** The batch of this turn: one id, or the tombstone of one that was released since. */
  #next = 0;
  #last = 0;
  #inARow = 0;
  #hasStepped = false;

  constructor(inner: Core, policy: Policy) {
    this.#inner = inner;
    this.policy = policy;
  }

  get kind(): CoreKind {
    return this.#inner.kind;
  }

  allocate(): number {
    return this.#inner.allocate();
  }

  release(id: number): boolean {
    const index = this.#ready.indexOf(id);
    if (index >= 0) this.#remove(index);
    else if (id === this.#next) this.#next = 0;
    return this.#inner.release(id);
  }

  push(id: number): void {
    this.#ready.push(id);
  }

  schedule(id: number): void {
    this.#ready.push(id);
  }

  addTimer(id: number, when: number): void {
    this.#inner.addTimer(id, when);
  }

  removeTimer(id: number): boolean {
    return this.#inner.removeTimer(id);
  }

  turn(now: number): number {
    if (this.#hasStepped) {
      this.#hasStepped = false;
      this.observer?.afterStep?.(this.#last);
    }
    if (this.#round === 0) {
      this.#takeTimers(now);
      this.#round = this.#ready.length;
    }
    const count = this.#ready.length;
    if (count === 0) {
      this.observer?.onDry(this.deadline());
      return 0;
    }
    if (++this.steps > 2 * this.maxSteps) this.observer?.onLimit();
    const index = count === 1 ? 0 : this.#choose(count);
    const id = this.#ready[index] as number;
    this.#inARow = id === this.#last ? this.#inARow + 1 : 0;
    this.#next = id;
    this.#last = id;
    this.#hasStepped = true;
    this.#remove(index);
    this.observer?.onStep?.(id, count);
    return 1;
  }

  take(): number {
    const id = this.#next;
    this.#next = 0;
    return id;
  }

  deadline(): number {
    return this.#inner.deadline();
  }

  hasReady(): boolean {
    return this.#ready.length > 0 || this.#next !== 0;
  }

  live(): number {
    return this.#inner.live();
  }

  timers(): number {
    return this.#inner.timers();
  }

  reset(): void {
    this.#inner.reset();
    this.#ready.length = 0;
    this.choices.chosen.length = 0;
    this.choices.counts.length = 0;
    this.steps = 0;
    this.#round = 0;
    this.#next = 0;
    this.#last = 0;
    this.#inARow = 0;
    this.#hasStepped = false;
  }

  /** Whoever is not in line here is on the inner core's heap, and comes out of it as a batch. */
  #takeTimers(now: number): void {
    for (let left = this.#inner.turn(now); left > 0; left--) {
      const id = this.#inner.take();
      if (id !== 0) this.#ready.push(id);
    }
  }

  #choose(count: number): number {
    if (this.steps > this.maxSteps) return 0;
    const current = this.#ready.indexOf(this.#last);
    if (current >= 0 && this.#inARow >= MOST_IN_A_ROW) return current === 0 ? 1 : 0;
    const index = this.policy.choose(this.#ready, current);
    this.choices.chosen.push(index);
    this.choices.counts.push(count);
    return index;
  }

  #remove(index: number): void {
    const ready = this.#ready;
    if (index < this.#round) this.#round--;
    // Lists are short, and nearly always it is one of the first.
    for (let i = index + 1; i < ready.length; i++) ready[i - 1] = ready[i] as number;
    ready.length--;
  }
}
