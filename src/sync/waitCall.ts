import { holders, noteTaken } from "../loop/holders.ts";
import { BareCall, Prompt, type Wait } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import type { Waiting } from "./waitQueue.ts";

/** What may be there, or is waited for in line. */
interface Waitable {
  /** Takes it if it is there; else the place in line. @internal */
  _wait(): Waiting<true> | undefined;
}

const YES = /* @__PURE__ */ new Prompt(true as const);

/** The coroutine that takes it. */
export class WaitCall extends BareCall<true> {
  declare readonly _what: Waitable;
  /** What is held by who has taken it; undefined for what nobody holds. */
  declare readonly _kind: string | undefined;

  constructor(what: Waitable, kind?: string) {
    super();
    this._what = what;
    this._kind = kind;
  }

  override get _source(): object {
    return this._what;
  }

  override _start(): Wait<true> {
    if (this._kind !== undefined && holders.watchers > 0) return acquire(this._what, this._kind);
    return this._what._wait() ?? YES;
  }
}

/** Waits, and notes who has it then. */
function* acquire(what: Waitable, kind: string): Coroutine<true> {
  const waiting = what._wait();
  if (waiting !== undefined) yield* waiting;
  noteTaken(what, kind);
  return true;
}
