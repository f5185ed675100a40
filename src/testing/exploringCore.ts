// A core that lets a policy choose the order of ready entries.
//
// Slots and timers stay in an ordinary core, compiled or not. Ready entries (ids of slots) are
// listed here, in the order in which they became ready, and each turn runs one of them. So every
// step of a task is a choice among everything that is ready. A round ends when all entries that
// were ready at its start have run.
//
//   ready   │ a │ b │ c │ d │ e │         choice 0 is a: FIFO order
//             └── the round ──┘
//
// This is one file because its methods share the list and the round.
//
// Choosing 0 every time gives the order of an ordinary loop, unless priorities are set. Due
// timers become ready when a round is over, where that loop's turn would end.
//
// Which orders are legal? The loop guarantees that callbacks run in the order in which they were
// added. Programs may rely on that, and done callbacks, timers and this library do. So callbacks
// never overtake each other: only the first of them may run next. Tasks may overtake anything. On
// an ordinary loop they run in the order in which they become ready, and a slightly slower response
// changes that order. Exploration covers the orders that a program must not rely on. It ignores
// priorities too, because they are only hints.
//
//   ready   │ a │ callback 1 │ b │ callback 2 │       candidates: a, callback 1, b
//
// A lane is a list of entries that keep their order. The loop's callbacks are one lane. The timers
// of async code have a lane for each delay, because a host guarantees the order only of timers with
// equal delays.
//
// Why not inside the compiled core? Every user loads that core, so it would carry policies
// that production never uses, and its hottest function would need another branch. Each policy
// would also have to be written twice, for the reference core too. Here, one policy serves both
// cores and can be any object. Everything above the core is the unchanged production loop: slots,
// turns, pump, tasks and primitives.

import { type Core, type CoreKind, newCore, recycleCore, SLOT_MASK } from "../core/core.ts";

/** Chooses which of several ready entries runs next. Must not throw, because nothing catches it. */
export interface Policy {
  /**
   * Returns the index of the candidate to run next. Called only if there are at least two.
   *
   * @param ready the ids of the candidates, in the order in which they became ready.
   * @param current the index of the entry that took the last step; -1 if it is not ready.
   */
  choose(ready: readonly number[], current: number): number;
  /** Returns 1 to delay an await of an async function, otherwise 0. */
  chooseDelay(): number;
}

/**
 * The choices of a run, and the number of candidates for each. Kept in plain arrays rather than in
 * objects, because there are many runs.
 */
export interface Choices {
  readonly chosen: readonly number[];
  readonly counts: readonly number[];
}

/** Observes a run. Must not call user code. */
export interface Observer {
  /** Called after each step, before the next one is chosen. */
  readonly afterStep?: ((id: number) => void) | undefined;
  /**
   * Called before each step, after it was chosen, with its id, the number of candidates, and the id
   * of the candidate that was ready first.
   */
  readonly onStep?: ((id: number, count: number, first: number) => void) | undefined;
  /** Called when nothing is ready, before the clock jumps to `deadline`. */
  onDry(deadline: number): void;
  /**
   * Returns whether the clock may jump to `deadline` although `count` entries are ready, because
   * all of them are external calls or delayed awaits that may complete later.
   */
  readonly mayJump?: ((count: number, deadline: number) => boolean) | undefined;
  /** Advances the clock to `deadline`, because the policy chose that. */
  readonly jump?: ((deadline: number) => void) | undefined;
  /** Called when the run takes more than twice `ExploringCore.maxSteps` steps. */
  onLimit(): void;
}

/**
 * How many more steps in a row an entry may take after its first one, while others are ready. On an
 * ordinary loop, the others would not starve either.
 */
const MAX_IN_A_ROW = 100;

/** Above this length, `shift()` is faster than moving the elements in a loop. */
const LONG = 32;

/** The candidate that stands for a jump of the clock. No entry has this id. */
const JUMP = 0;

/** Entries that keep their order. Only the first one is a candidate. */
export class Lane {
  /** The id of the candidate; 0 if nothing of the lane is ready. */
  first = 0;
  /** The ids after the candidate, and the arrival number of each. */
  readonly later: number[] = [];
  readonly arrivals: number[] = [];
}

export class ExploringCore implements Core {
  /** The choices since the last reset. */
  readonly choices: { readonly chosen: number[]; readonly counts: number[] } = {
    chosen: [],
    counts: [],
  };
  /** The number of steps since the last reset, jumps of the clock included. */
  steps = 0;
  policy: Policy;
  observer: Observer | undefined;
  /** Returns the lane of an id; undefined if it may overtake everything. */
  laneOf: (id: number) => Lane | undefined = () => undefined;
  /** After this many steps, order is FIFO; after twice as many, `onLimit` is called. */
  maxSteps = Infinity;
  #inner: Core;
  #isReleased = false;
  /** The candidates in the order in which they became ready, and the arrival number of each. */
  readonly #ready: number[] = [];
  readonly #arrivals: number[] = [];
  /**
   * By slot, the id that is ready, negated if it isn't a candidate. Tells without a search which
   * list contains an id, if any.
   */
  readonly #readyIds: number[] = [];
  /** By slot, the lane of the id that is ready. */
  readonly #lanes: (Lane | undefined)[] = [];
  #nextArrival = 0;
  /** Entries that arrived before this number belong to the current round. */
  #roundEnd = 0;
  /** The batch of this turn: one id, or 0 once it has been taken or released. */
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
    const readyId = this.#readyIds[id & SLOT_MASK];
    if (readyId === id) this.#remove(this.#ready.indexOf(id));
    else if (readyId === -id) {
      const lane = this.#lanes[id & SLOT_MASK] as Lane;
      this.#removeLater(lane, lane.later.indexOf(id));
    } else if (id === this.#next) this.#next = 0;
    return this.#inner.release(id);
  }

  push(id: number): void {
    const arrival = this.#nextArrival++;
    const lane = this.laneOf(id);
    if (lane !== undefined) {
      this.#lanes[id & SLOT_MASK] = lane;
      if (lane.first !== 0) {
        lane.later.push(id);
        lane.arrivals.push(arrival);
        this.#readyIds[id & SLOT_MASK] = -id;
        return;
      }
      lane.first = id;
    }
    this.#ready.push(id);
    this.#arrivals.push(arrival);
    this.#readyIds[id & SLOT_MASK] = id;
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
    const deadline = this.#jumpDeadline();
    const count = this.#ready.length;
    const index = this.#choose(deadline === Infinity ? count : count + 1);
    if (index === count) {
      this.observer?.jump?.(deadline);
      this.#takeTimers(deadline);
      return this.turn(deadline);
    }
    const id = this.#ready[index] as number;
    this.#inARow = id === this.#last ? this.#inARow + 1 : 0;
    this.#next = id;
    this.#last = id;
    this.#hasStepped = true;
    const first = this.#ready[0] as number;
    this.#remove(index);
    this.observer?.onStep?.(id, count, first);
    return 1;
  }

  /** Chooses whether to delay an await of an async function. */
  chooseDelay(): boolean {
    if (this.steps > this.maxSteps) return false;
    const choice = this.policy.chooseDelay();
    this.choices.chosen.push(choice);
    this.choices.counts.push(2);
    return choice === 1;
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

  /**
   * Makes the inner core available to the next loop. `reset()` then gets another one. Programs
   * replay often, and a new WebAssembly instance for each replay would exhaust the address space
   * before the old ones are collected.
   */
  giveBack(): void {
    recycleCore(this.#inner);
    this.#isReleased = true;
  }

  reset(): void {
    if (this.#isReleased) this.#inner = newCore();
    else this.#inner.reset();
    this.#isReleased = false;
    this.#ready.length = 0;
    this.#arrivals.length = 0;
    this.#readyIds.length = 0;
    this.#lanes.length = 0;
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

  /** Makes due timers ready. Nothing else is ever ready in the inner core. */
  #takeTimers(now: number): void {
    for (let left = this.#inner.turn(now); left > 0; left--) {
      const id = this.#inner.take();
      if (id !== 0) this.push(id);
    }
  }

  /** Returns the deadline to which the clock may jump; Infinity if it must not. */
  #jumpDeadline(): number {
    if (this.observer?.mayJump === undefined) return Infinity;
    const deadline = this.#inner.deadline();
    const mayJump = deadline !== Infinity && this.observer.mayJump(this.#ready.length, deadline);
    return mayJump ? deadline : Infinity;
  }

  /**
   * Returns the index of the candidate to run next. If `count` is one more than the length of
   * `#ready`, the last candidate is a jump of the clock.
   */
  #choose(count: number): number {
    if (count === 1 || this.steps > this.maxSteps) return 0;
    const last = this.#last;
    // An entry that is ready again is usually near the end of the list.
    const current = this.#readyIds[last & SLOT_MASK] === last ? this.#ready.lastIndexOf(last) : -1;
    if (current >= 0 && this.#inARow >= MAX_IN_A_ROW) return current === 0 ? 1 : 0;
    const mayJump = count > this.#ready.length;
    const choice = this.policy.choose(mayJump ? [...this.#ready, JUMP] : this.#ready, current);
    this.choices.chosen.push(choice);
    this.choices.counts.push(count);
    return choice;
  }

  #remove(index: number): void {
    const id = this.#ready[index] as number;
    this.#readyIds[id & SLOT_MASK] = 0;
    removeAt(this.#ready, index);
    removeAt(this.#arrivals, index);
    const lane = this.#lanes[id & SLOT_MASK];
    if (lane === undefined) return;
    this.#lanes[id & SLOT_MASK] = undefined;
    this.#admitNext(lane);
  }

  #removeLater(lane: Lane, index: number): void {
    const id = lane.later[index] as number;
    this.#readyIds[id & SLOT_MASK] = 0;
    this.#lanes[id & SLOT_MASK] = undefined;
    removeAt(lane.later, index);
    removeAt(lane.arrivals, index);
  }

  /** Makes the next entry of a lane a candidate, positioned by its arrival. */
  #admitNext(lane: Lane): void {
    const next = lane.later[0] ?? 0;
    lane.first = next;
    if (next === 0) return;
    const arrival = lane.arrivals[0] as number;
    this.#removeLater(lane, 0);
    let index = this.#arrivals.findIndex((other) => other > arrival);
    if (index < 0) index = this.#arrivals.length;
    this.#ready.splice(index, 0, next);
    this.#arrivals.splice(index, 0, arrival);
    this.#readyIds[next & SLOT_MASK] = next;
    this.#lanes[next & SLOT_MASK] = lane;
  }
}

function removeAt(list: number[], index: number): void {
  if (index === 0 && list.length > LONG) {
    list.shift();
    return;
  }
  for (let i = index + 1; i < list.length; i++) list[i - 1] = list[i] as number;
  list.length--;
}
