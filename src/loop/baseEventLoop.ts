// The scheduling half of an event loop: it puts slots, turns and the pump together.
//
// `EventLoop` adds the public methods. This half doesn't check arguments, because only modules of
// this package call it. It is a base class rather than a field of `EventLoop`, because tasks and
// futures call it at each step, so another object in between would cost time.

import type { Core, Priority } from "../core/core.ts";
import { RuntimeError } from "../lang/errors.ts";
import type { Clock } from "./clock.ts";
import { type Callback, Handle, NO_ARGUMENTS, ONE_ARGUMENT, TimerHandle } from "./handle.ts";
import { noteTimer, noteWakeOf } from "./hooks.ts";
import { platformHost } from "./hosts/detect.ts";
import type { Flow } from "./hosts/flow.ts";
import { Pump } from "./pump.ts";
import { describeStep } from "./reports.ts";
import type { ExceptionContext, Resource, Scheduler } from "./scheduler.ts";
import { type Runnable, Slots } from "./slots.ts";
import { Turns } from "./turns.ts";

export abstract class BaseEventLoop implements Scheduler {
  readonly _core: Core;
  readonly _slots: Slots;
  readonly _turns: Turns;
  readonly _pump: Pump;
  readonly _snapshot: (() => Flow) | undefined;
  readonly _resources = new Set<Resource>();
  _makeTask: ((body: never, options: object) => object) | undefined = undefined;
  _external = 0;
  _events = 0;
  /**
   * Whether a test drives the loop step by step. If so, nothing else needs to start the loop,
   * because the test also runs what is added between steps.
   */
  _isDriven = false;
  _isClosed = false;
  /**
   * The version of a loop's fields. Tools check it before they read a loop of another copy of this
   * package.
   */
  readonly _probe = 2;

  /** @internal */
  constructor(core: Core, clock: Clock, slice: number, snapshot: (() => Flow) | undefined) {
    this._snapshot = snapshot;
    this._core = core;
    this._slots = new Slots(core);
    this._turns = new Turns(this._slots, clock, slice, (runnable, exception) =>
      this.callExceptionHandler(describeStep(runnable, "An exception", { exception })),
    );
    this._pump = new Pump(this, this._turns, clock, clock._host ?? platformHost);
  }

  abstract time(): number;
  abstract callSoon<Args extends unknown[]>(callback: Callback<Args>, ...args: Args): Handle;
  abstract callLater<Args extends unknown[]>(
    delay: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle;
  abstract callAt<Args extends unknown[]>(
    when: number,
    callback: Callback<Args>,
    ...args: Args
  ): TimerHandle;
  abstract callExceptionHandler(context: ExceptionContext): void;
  abstract getDebug(): boolean;
  abstract isClosed(): boolean;

  _callSoon(callback: Callback<never>, args: readonly unknown[], flow?: Flow): Handle {
    const list = args.length === 1 ? ONE_ARGUMENT : listOf(args);
    const handle = new Handle(this._slots, callback, args[0], list, flow);
    handle._id = this._startNow(handle);
    return handle;
  }

  _callAt(
    when: number,
    callback: Callback<never>,
    args: readonly unknown[],
    flow: Flow | undefined,
  ): TimerHandle {
    const list = args.length === 1 ? ONE_ARGUMENT : listOf(args);
    const timer = new TimerHandle(this._slots, callback, args[0], list, flow, when);
    timer._id = this._startTimer(timer, when);
    return timer;
  }

  _startNow(runnable: Runnable): number {
    if (this._isClosed) throw loopClosed();
    const id = this._slots.add(runnable);
    this._core.push(id);
    this._wake();
    return id;
  }

  _startTimer(runnable: Runnable, when: number): number {
    if (this._isClosed) throw loopClosed();
    const id = this._slots.add(runnable);
    this._core.addTimer(id, when);
    noteTimer(this._slots, id, when);
    // The host may be sleeping until a later deadline.
    this._wake();
    return id;
  }

  _ready(id: number): void {
    if (this._isClosed) return; // tasks of a closed loop never run again
    this._core.push(id);
    this._wake();
  }

  _wakeTask(id: number): void {
    if (this._slots.hooks !== undefined && !this._isClosed) noteWakeOf(this._slots, id);
    // Checks afterwards whether the loop is closed, because a hook may have closed it.
    this._ready(id);
  }

  _readyAt(id: number, priority: Priority): void {
    if (this._isClosed) return;
    this._core.schedule(id, priority);
    this._wake();
  }

  _wake(): void {
    if (this._pump.asleep) this._pump.wake();
  }

  /** Drops everything that is scheduled, and closes all resources. The loop must not run. */
  _release(): void {
    for (const resource of this._resources) resource.close();
    this._resources.clear();
    this._pump.close();
    this._turns.clear();
    this._slots.close();
  }
}

/** Returns what a handle keeps of arguments that are not exactly one. */
function listOf(args: readonly unknown[]): readonly unknown[] {
  return args.length === 0 ? NO_ARGUMENTS : args;
}

export function loopClosed(): RuntimeError {
  return new RuntimeError("The loop is closed");
}
