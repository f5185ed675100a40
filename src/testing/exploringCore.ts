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

import { type Core, type CoreKind, SLOT_MASK } from "../core/core.ts";

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

/** What the engine shifts faster than a loop does. */
const LONG = 32;

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
  /** What may come next, in the order in which it got ready, and for each the number of its arrival. */
  readonly #ready: number[] = [];
  readonly #arrivals: number[] = [];
  /** The callback among these; 0 if there is none. */
  #callback = 0;
  /** The callbacks behind it, which may not come next. */
  readonly #later: number[] = [];
  readonly #laterArrivals: number[] = [];
  /** By slot the id that is ready; negative if it is in `#later`. Programs may be large, and lists are not to be searched in vain. */
  readonly #standing: number[] = [];
  #nextArrival = 0;
  /** What arrived before belongs to the round. */
  #roundEnd = 0;
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
    const standing = this.#standing[id & SLOT_MASK];
    if (standing === id) this.#remove(this.#ready.indexOf(id));
    else if (standing === -id) this.#removeLater(this.#later.indexOf(id));
    else if (id === this.#next) this.#next = 0;
    return this.#inner.release(id);
  }

  push(id: number): void {
    const arrival = this.#nextArrival++;
    const isCallback = this.keepsOrder(id);
    if (isCallback && this.#callback !== 0) {
      this.#later.push(id);
      this.#laterArrivals.push(arrival);
      this.#standing[id & SLOT_MASK] = -id;
      return;
    }
    if (isCallback) this.#callback = id;
    this.#ready.push(id);
    this.#arrivals.push(arrival);
    this.#standing[id & SLOT_MASK] = id;
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
    if ((this.#arrivals[0] ?? Infinity) >= this.#roundEnd) {
      this.#takeTimers(now);
      this.#roundEnd = this.#nextArrival;
    }
    if (this.#ready.length === 0) {
      this.observer?.onDry(this.deadline());
      return 0;
    }
    if (++this.steps > 2 * this.maxSteps) this.observer?.onLimit();
    const count = this.#ready.length;
    const index = this.#choose(count);
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
    this.#arrivals.length = 0;
    this.#callback = 0;
    this.#later.length = 0;
    this.#laterArrivals.length = 0;
    this.#standing.length = 0;
    this.#nextArrival = 0;
    this.#roundEnd = 0;
    this.choices.chosen.length = 0;
    this.choices.counts.length = 0;
    this.steps = 0;
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

  /** The index of what comes next. */
  #choose(count: number): number {
    if (count === 1 || this.steps > this.maxSteps) return 0;
    const last = this.#last;
    // Who has just given way is the last one.
    const current = this.#standing[last & SLOT_MASK] === last ? this.#ready.lastIndexOf(last) : -1;
    if (current >= 0 && this.#inARow >= MOST_IN_A_ROW) return current === 0 ? 1 : 0;
    const choice = this.policy.choose(this.#ready, current);
    this.choices.chosen.push(choice);
    this.choices.counts.push(count);
    return choice;
  }

  #remove(index: number): void {
    const id = this.#ready[index] as number;
    this.#standing[id & SLOT_MASK] = 0;
    takeOut(this.#ready, index);
    takeOut(this.#arrivals, index);
    if (id === this.#callback) this.#admit();
  }

  #removeLater(index: number): void {
    const id = this.#later[index] as number;
    this.#standing[id & SLOT_MASK] = 0;
    takeOut(this.#later, index);
    takeOut(this.#laterArrivals, index);
  }

  /** Lets the next callback in, at the place of its arrival. */
  #admit(): void {
    this.#callback = this.#later[0] ?? 0;
    if (this.#callback === 0) return;
    const arrival = this.#laterArrivals[0] as number;
    this.#removeLater(0);
    let place = this.#arrivals.findIndex((other) => other > arrival);
    if (place < 0) place = this.#arrivals.length;
    this.#ready.splice(place, 0, this.#callback);
    this.#arrivals.splice(place, 0, arrival);
    this.#standing[this.#callback & SLOT_MASK] = this.#callback;
  }
}

function takeOut(list: number[], index: number): void {
  if (index === 0 && list.length > LONG) {
    list.shift();
    return;
  }
  // Lists are short, and nearly always it is one of the first.
  for (let i = index + 1; i < list.length; i++) list[i - 1] = list[i] as number;
  list.length--;
}
