import { BareCall, Prompt, type Wait } from "../tasks/bareCall.ts";
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

  constructor(what: Waitable) {
    super();
    this._what = what;
  }

  override _start(): Wait<true> {
    return this._what._wait() ?? YES;
  }
}
