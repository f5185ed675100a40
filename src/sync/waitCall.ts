import { holders, noteTaken } from "../loop/holders.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { Immediate, LazyCall, type Wait } from "../tasks/lazyCall.ts";
import type { QueuedWaiter } from "./waitQueue.ts";

/** A primitive with `acquire()` or `wait()`. */
interface Waitable {
  /**
   * Acquires the primitive and returns undefined, or returns a waiter in its queue. An event that
   * is set needs no waiter.
   */
  _wait(): QueuedWaiter<true> | undefined;
}

const ACQUIRED = /* @__PURE__ */ new Immediate(true as const);

/** The coroutine of `acquire()` and `wait()`. */
export class WaitCall extends LazyCall<true> {
  static readonly _kept = /* @__PURE__ */ keepInstances(waitCallToKeep);

  declare readonly _primitive: Waitable;
  /**
   * The kind of primitive, recorded with its holder. Undefined for primitives without holders, such
   * as an event.
   */
  declare readonly _kind: string | undefined;

  constructor(primitive: Waitable, kind?: string) {
    super();
    this._primitive = primitive;
    this._kind = kind;
  }

  override get _resource(): object {
    return this._primitive;
  }

  override _start(): Wait<true> {
    if (this._kind !== undefined && holders.watchers > 0)
      return acquire(this._primitive, this._kind);
    return this._primitive._wait() ?? ACQUIRED;
  }
}

function waitCallToKeep(): readonly object[] {
  return [new WaitCall({ _wait: () => undefined })];
}

/** Acquires the primitive, and records its holder. */
function* acquire(primitive: Waitable, kind: string): Coroutine<true> {
  const waiting = primitive._wait();
  if (waiting !== undefined) yield* waiting;
  noteTaken(primitive, kind);
  return true;
}
