// The virtual timers that a run uses instead of the host's.

import { keepAsyncContext } from "../../loop/hosts/asyncContext.ts";
import type { Flow } from "../../loop/hosts/flow.ts";
import { HostStep } from "./hostStep.ts";
import type { RunStage } from "./runStage.ts";
import { currentStage } from "./stages.ts";

export type TimerCallback = (...args: never[]) => unknown;

/** The longest delay of the host's timers. */
const MAX_DELAY = 2 ** 31 - 1;
/**
 * The id of the first virtual timer. Larger than any id of the host, so that `clearTimeout` can
 * tell which kind of timer a program passes.
 */
const FIRST_ID = 2 ** 40;

/** Returns whether timers are objects, as in Node, where a delay is at least 1 ms. */
function areObjects(): boolean {
  return typeof globalThis.setImmediate === "function";
}

let nextId = FIRST_ID;

abstract class ContextStep extends HostStep {
  protected readonly callback: TimerCallback;
  protected readonly args: readonly unknown[];
  readonly #flow: Flow | undefined = keepAsyncContext();
  #hasRef = true;

  constructor(
    stage: RunStage,
    lane: HostStep["lane"],
    callback: TimerCallback,
    args: readonly unknown[],
  ) {
    super(stage.loop, lane, stage.placeOfCall());
    this.callback = callback;
    this.args = args;
  }

  /** Calls the callback in the asynchronous context in which this step was created. */
  protected call(): void {
    const { callback, args } = this;
    if (this.#flow === undefined) Reflect.apply(callback, this, args);
    else this.#flow.runInAsyncScope(callback, this, ...(args as never[]));
  }

  ref(): this {
    this.#hasRef = true;
    return this;
  }

  unref(): this {
    this.#hasRef = false;
    return this;
  }

  hasRef(): boolean {
    return this.#hasRef;
  }
}

/** A timeout or an interval. Has the methods of Node's `Timeout`. */
export class VirtualTimer extends ContextStep {
  readonly #stage: RunStage;
  readonly #delay: number;
  readonly #repeats: boolean;
  #id = 0;

  constructor(
    stage: RunStage,
    callback: TimerCallback,
    delay: number,
    args: readonly unknown[],
    repeats: boolean,
  ) {
    super(stage, stage.laneOfDelay(delay), callback, args);
    this.#stage = stage;
    this.#delay = delay;
    this.#repeats = repeats;
    this.refresh();
  }

  protected proceed(): void {
    if (this.#repeats) this.refresh();
    else this.#stage.timers.delete(this.#id);
    this.call();
  }

  _describe(): string {
    const kind = this.#repeats ? "interval" : "timer";
    return this.at(`the ${kind} of ${this.#delay} ms`);
  }

  /** Starts the delay again. */
  refresh(): this {
    this.unschedule();
    if (!this.#stage.isOver) this.schedule(this.#stage.now() + this.#delay);
    return this;
  }

  close(): this {
    this.#stage.timers.delete(this.#id);
    this.unschedule();
    return this;
  }

  [Symbol.toPrimitive](): number {
    if (this.#id === 0) this.#id = nextId++;
    this.#stage.timers.set(this.#id, this);
    return this.#id;
  }
}

/** An immediate. Has the methods of Node's `Immediate`. */
export class VirtualImmediate extends ContextStep {
  constructor(stage: RunStage, callback: TimerCallback, args: readonly unknown[]) {
    super(stage, stage.immediates, callback, args);
    if (!stage.isOver) this.schedule();
  }

  protected proceed(): void {
    this.call();
  }

  _describe(): string {
    return this.at("the immediate");
  }
}

const { dispose } = Symbol as { readonly dispose?: symbol };
if (dispose !== undefined) {
  for (const { prototype } of [VirtualTimer, VirtualImmediate]) {
    Object.defineProperty(prototype, dispose, {
      value(this: HostStep) {
        clearVirtual(this);
      },
      configurable: true,
      writable: true,
    });
  }
}

/** Converts the delay of a timer as the host does. */
export function delayOf(delay: unknown): number {
  const number = Math.trunc(Number(delay));
  if (areObjects()) return number >= 1 && number <= MAX_DELAY ? number : 1;
  return number >= 0 && number <= MAX_DELAY ? number : 0;
}

/** Returns a timer as the host's functions return it: an object in Node, a number elsewhere. */
export function handOut(timer: VirtualTimer): unknown {
  return areObjects() ? timer : timer[Symbol.toPrimitive]();
}

/**
 * Cancels what a program passes to `clearTimeout` and the like. Returns false, without any effect,
 * if that is not a virtual timer or immediate.
 */
export function clearVirtual(timer: unknown): boolean {
  if (timer instanceof VirtualTimer) {
    timer.close();
    return true;
  }
  if (timer instanceof VirtualImmediate) {
    timer.unschedule();
    return true;
  }
  const id = typeof timer === "string" ? Number(timer) : timer;
  if (typeof id !== "number" || id < FIRST_ID) return false;
  currentStage()?.timers.get(id)?.close();
  return true;
}
