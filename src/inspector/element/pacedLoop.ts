// Pauses a loop of this page, and runs it turn by turn.
//
// A page can't stop in the middle of a turn, so a loop is paused between two turns: `Turns.run`
// returns without running a turn, and the core reports no deadline, so the pump falls asleep. For a
// single turn, `Turns.run` is called with a request to stop after the current turn, as in asyncio's
// `call_soon(loop.stop)`. `Turns.run` and two methods of the core are replaced, only on the objects
// of this one loop, and restored when it continues at full speed. So the loop itself contains no
// code for pausing.
//
// A clock that doesn't advance by itself stands still during a pause. The host's clock continues,
// so timers that become due during a pause fire in the first turn after it.

/** The fields of a loop that are used here. Changing one needs a new `_probe`: see ../shapes.ts. */
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
 * Stops the turns like `true`, which a program's `loop.stop()` sets, but can be told apart from it.
 */
const AFTER_THIS_TURN = 1;
/**
 * The interval, in milliseconds, at which a paused loop marks its pump awake, as an outside event
 * does. On a clock that doesn't advance by itself, the pump waits for an event only as long as the
 * clock's `externalTimeout`, and then ends the run with a DeadlockError.
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

  /** How many of the loop's external waits this object has added. */
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
    // The core of a closed loop may belong to another loop.
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
      // If the slice ended in the middle of a turn, the turn continues after the host has run.
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

  /** Runs no turn. Returns `IDLE`, so that the pump falls asleep. */
  #rest(): number {
    const now = performance.now();
    if (now - this.#announcedAt > ANNOUNCE_EVERY) {
      this.#announcedAt = now;
      this.#loop._pump.markAwake();
    }
    return IDLE;
  }

  /** Restores the loop's methods if `pause` says that the program stopped it. Returns `pause`. */
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
