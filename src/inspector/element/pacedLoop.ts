// Pauses a loop of this page, and runs it turn by turn.
//
// A page can't stop in the middle of a turn, so the loop is paused between two turns: its turns do
// nothing, and it reports no deadline, which makes the pump fall asleep. One turn runs as in
// asyncio's idiom for it, by a request to stop after the current turn. Both are done by properties
// that are set on the objects of this one loop and removed when it continues. So the loop itself
// contains no code for pausing.
//
// A clock that doesn't advance by itself stands still meanwhile. The host's clock continues, and
// timers that were due during a pause fire in the first turn after it.

/** The fields of a loop that are used here; part of its probe, as in ../shapes.ts. */
export interface PaceableLoop {
  _external: number;
  readonly _turns: { stopping: boolean | typeof AFTER_THIS_TURN; run(): number };
  readonly _core: { deadline(): number; turn(now: number): number };
  readonly _pump: { readonly asleep: boolean; markAwake(): boolean; wake(): void };
  isClosed(): boolean;
}

// What `Turns.run` returns, as in loop/turns.ts.
const IDLE = 0;
const STOPPED = 1;
const SLICE_OVER = 2;
/**
 * Stops the turns like `true`, but can be told from the `true` with which a program stops its loop.
 */
const AFTER_THIS_TURN = 1;
/**
 * How often to announce an event while the loop is paused, in milliseconds. A clock that doesn't
 * advance by itself gives up after a few seconds without one.
 */
const ANNOUNCE_EVERY = 1_000;

/** Runs a loop at the pace that the user sets. */
export class PacedLoop {
  readonly #loop: PaceableLoop;
  /** Called after each turn that ran something. */
  readonly #onTurn: () => void;
  /** How many turns may run. */
  #allowed = Infinity;
  #isInstalled = false;
  #announcedAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(loop: PaceableLoop, onTurn: () => void) {
    this.#loop = loop;
    this.#onTurn = onTurn;
  }

  get isPaused(): boolean {
    return this.#allowed < Infinity && this.#timer === undefined;
  }

  /** How many of the loop's external waits are its own. */
  get externals(): number {
    return this.#isInstalled ? 1 : 0;
  }

  /** Pauses the loop after the current turn. */
  pause(): void {
    this.#stopTimer();
    this.#hold();
  }

  /** Runs the next turn that isn't empty, then pauses. */
  step(): void {
    this.#hold();
    this.#allowed = 1;
    this.#wake();
  }

  /** Runs one turn every `interval` milliseconds. */
  slow(interval: number): void {
    this.#stopTimer();
    this.#hold();
    this.#timer = setInterval(() => this.step(), interval);
  }

  /** Continues at full speed. */
  resume(): void {
    this.#stopTimer();
    this.#allowed = Infinity;
    if (!this.#isInstalled) return;
    this.#uninstall();
    this.#wake();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #wake(): void {
    const { _pump: pump } = this.#loop;
    if (pump.asleep) pump.wake();
  }

  #hold(): void {
    this.#allowed = 0;
    if (this.#isInstalled) return;
    this.#isInstalled = true;
    const loop = this.#loop;
    const { _turns: turns, _core: core } = loop;
    const run = turns.run.bind(turns);
    const deadline = core.deadline.bind(core);
    const turn = core.turn.bind(core);
    let size = 0;
    // A core outlives its loop.
    const isHeld = () => this.#allowed <= 0 && !loop.isClosed();
    core.deadline = () => (isHeld() ? Infinity : deadline());
    core.turn = (now) => {
      size = turn(now);
      return size;
    };
    turns.run = () => {
      if (isHeld()) return this.#rest();
      if (turns.stopping) return this.#end(run());
      turns.stopping = AFTER_THIS_TURN;
      const pause = run();
      // In the middle of a turn, the loop continues after the host has run.
      const isWhole = pause !== SLICE_OVER;
      const isStopped = turns.stopping !== AFTER_THIS_TURN;
      if (!isStopped) turns.stopping = false;
      if (!isWhole) return pause;
      if (size > 0) {
        size = 0;
        this.#allowed--;
        queueMicrotask(this.#onTurn);
      }
      return isStopped ? this.#end(STOPPED) : IDLE;
    };
    // Without this, a pause would look like a deadlock on a clock that doesn't advance by itself.
    loop._external++;
  }

  /** Keeps the pump asleep. */
  #rest(): number {
    const now = performance.now();
    if (now - this.#announcedAt > ANNOUNCE_EVERY) {
      this.#announcedAt = now;
      this.#loop._pump.markAwake();
    }
    return IDLE;
  }

  /** Restores the loop if its run ends. */
  #end(pause: number): number {
    if (pause === STOPPED) {
      this.#stopTimer();
      this.#allowed = Infinity;
      this.#uninstall();
    }
    return pause;
  }

  #uninstall(): void {
    this.#isInstalled = false;
    const { _turns: turns, _core: core } = this.#loop;
    Reflect.deleteProperty(turns, "run");
    Reflect.deleteProperty(core, "turn");
    Reflect.deleteProperty(core, "deadline");
    this.#loop._external--;
  }
}
