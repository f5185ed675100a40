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
//
// Which orders are legal? The loop promises that callbacks run in the order in which they
// were added: a program may build on it, and done callbacks, timers and this library do.
// So callbacks never overtake each other; only the first of them may come next. Tasks may
// overtake everything. Their order on a loop of users is that in which things happen to
// get ready: an answer that takes a little longer makes it another one. What is explored
// is what a program may not build on. Priorities are ignored too: they are hints.
//
//   ready   │ a │ callback 1 │ b │ callback 2 │       to choose from: a, callback 1, b
//
// Why not inside of the compiled core, where a policy would be another way to take from the
// ring? That core is what every user loads and has under 4 KiB: policies, which are no use
// in production, would be a third of it, and its hottest function would have a branch more.
// And each would have to be written twice, as the reference core has to do the same. Out
// here, one policy serves both cores, costs production nothing, and can be any object. What
// runs above is the production loop, untouched: slots, turns, pump, tasks and primitives.

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
  /** Whether an id stands for what must not overtake its like: a callback. */
  keepsOrder: (id: number) => boolean = () => false;
  /** After so many steps everything is first come, first served; after twice as many the run has no end. */
  maxSteps = Infinity;
  readonly #inner: Core;
  readonly #ready: number[] = [];
  /** For each of these whether it keeps its order. */
  readonly #ordered: boolean[] = [];
  /** How many do. */
  #callbacks = 0;
  /** What may come next, where that is not all that is ready, and its places in `#ready`. */
  readonly #candidates: number[] = [];
  readonly #places: number[] = [];
  /** From how many the last step was chosen. */
  #count = 0;
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
    const isOrdered = this.keepsOrder(id);
    this.#ready.push(id);
    this.#ordered.push(isOrdered);
    if (isOrdered) this.#callbacks++;
  }

  schedule(id: number): void {
    this.push(id);
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
    if (this.#ready.length === 0) {
      this.observer?.onDry(this.deadline());
      return 0;
    }
    if (++this.steps > 2 * this.maxSteps) this.observer?.onLimit();
    const index = this.#choose();
    const id = this.#ready[index] as number;
    this.#inARow = id === this.#last ? this.#inARow + 1 : 0;
    this.#next = id;
    this.#last = id;
    this.#hasStepped = true;
    this.#remove(index);
    this.observer?.onStep?.(id, this.#count);
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
    this.#ordered.length = 0;
    this.#callbacks = 0;
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
      if (id !== 0) this.push(id);
    }
  }

  /** The index in `#ready` of what comes next. */
  #choose(): number {
    const candidates = this.#findCandidates();
    const count = candidates.length;
    this.#count = count;
    if (count === 1 || this.steps > this.maxSteps) return 0;
    const current = candidates.indexOf(this.#last);
    let choice: number;
    if (current >= 0 && this.#inARow >= MOST_IN_A_ROW) {
      choice = current === 0 ? 1 : 0;
    } else {
      choice = this.policy.choose(candidates, current);
      this.choices.chosen.push(choice);
      this.choices.counts.push(count);
    }
    return candidates === this.#ready ? choice : (this.#places[choice] as number);
  }

  /** All that is ready but the callbacks behind the first one. */
  #findCandidates(): readonly number[] {
    const ready = this.#ready;
    if (this.#callbacks < 2) return ready;
    const candidates = this.#candidates;
    const places = this.#places;
    candidates.length = 0;
    places.length = 0;
    let hasCallback = false;
    for (let place = 0; place < ready.length; place++) {
      const id = ready[place] as number;
      const isCallback = this.#ordered[place] as boolean;
      if (isCallback && hasCallback) continue;
      hasCallback ||= isCallback;
      candidates.push(id);
      places.push(place);
    }
    return candidates;
  }

  #remove(index: number): void {
    const ready = this.#ready;
    const ordered = this.#ordered;
    if (index < this.#round) this.#round--;
    if (ordered[index]) this.#callbacks--;
    // Lists are short, and nearly always it is one of the first.
    for (let i = index + 1; i < ready.length; i++) {
      ready[i - 1] = ready[i] as number;
      ordered[i - 1] = ordered[i] as boolean;
    }
    ready.length--;
    ordered.length--;
  }
}
