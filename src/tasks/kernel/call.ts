// Calls of decorated coroutines, and how a task resumes the innermost one in O(1).
//
// The JavaScript engine resumes a chain of `yield*` by walking it from the outside in. Decorated
// coroutines avoid that walk. Their `yield*` iterates a Call:
//
//   main ──yield*──> Call a ──yield*──> Call b ──yield*──> Call c ─ suspends
//
// A call runs inline, on its caller's native stack. A call that never suspends costs
// little more than a plain generator. When one suspends, its generator's result travels
// outward through every `yield*` of the chain, and each Call on the way makes itself the
// caller of the one inside it:
//
//   c._caller = b, b._caller = a           chain.inner = c, chain.outer = a
//
// The task finds the chain when the result reaches it. If the chain is short and suspends
// for the first time, the task leaves it to the engine. Otherwise it adopts the chain, and
// from then on resumes c directly. When c is done, the task resumes b, whose `yield*` asks
// Call c for its next result and receives c's outcome.
//
// The result object proves that a chain belongs to the step that just ended, because
// `yield*` passes it on untouched and each suspension creates a new object. If code in the
// middle of a chain drives a generator by hand, the result goes no further. The task then
// doesn't adopt the chain, and the engine walks it.

import { InvalidStateError } from "../../lang/errors.ts";
import { type AwaitLocation, locationOfCall, locations } from "../../lang/locations.ts";
import { keepInstances } from "../../loop/kept.ts";
import { noteAwaited } from "../../loop/unawaited.ts";
import {
  type AnyGenerator,
  generatorPrototype,
  newEmptyGenerator,
  nextOf,
  type Result,
  returnOf,
  throwOf,
} from "./generators.ts";

/** How many calls may nest on the native stack. The task starts the next call on a fresh stack. */
const DEEPEST_INLINE = 64;

/** The longest chain that is left to the engine the first time it suspends: see `shouldAdopt`. */
const SHORT = 2;

/**
 * The chain of the current step, left by its calls for the task. There is only one step at a time.
 */
export const chain = {
  /** The result with which the chain suspended. */
  result: undefined as Result | undefined,
  inner: undefined as Call | undefined,
  /** Undefined if the chain is only one call, because storing another object takes time. */
  outer: undefined as Call | undefined,
  length: 0,
  /** Whether the inner call has suspended before, or waits for the task to start it. */
  isRepeated: false,
  /** The number of calls on the native stack. */
  depth: 0,
};

/** An error that a call threw, in place of a result. */
export class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** In debug mode: where each call was awaited. */
export const awaitedAt = /* @__PURE__ */ new WeakMap<Call, AwaitLocation | undefined>();

const FRESH = 0;
const AWAITED = 1;
const DONE = 2;

/** A coroutine object that behaves like one of the engine's generators, but isn't one. */
export abstract class CoroutineObject {
  /** Makes this coroutine the body of a task. Returns the call that the task must resume. */
  abstract _begin(): Call;

  /** @throws InvalidStateError if the coroutine has been awaited before */
  abstract _checkFresh(): void;
}

/** One call of a decorated coroutine. Can also be driven by hand, like a generator. */
export class Call {
  static readonly _kept = /* @__PURE__ */ keepInstances(callToKeep);

  /** The generator that runs the body. */
  readonly _generator: AnyGenerator;
  /**
   * The call that awaits this one; undefined for the outermost call. Valid while this call is
   * suspended.
   */
  _caller: Call | undefined;
  /** Whether the body has started. */
  _begun = false;
  /** How the call ended. The task stores the outcome here, and the caller's `yield*` takes it. */
  _outcome: Result | Thrown | undefined;
  #state = FRESH;
  #hasSuspended = false;

  constructor(generator: AnyGenerator) {
    this._generator = generator;
  }

  /** Called by `yield*`, once. */
  [Symbol.iterator](): this {
    return this._iterate(this[Symbol.iterator]);
  }

  /** Marks the call as awaited. `callee` is the function on the stack whose caller awaits it. */
  _iterate(callee: unknown): this {
    this._claim();
    if (locations.watchers > 0) awaitedAt.set(this, locationOfCall(callee));
    return this;
  }

  /** Marks the call as awaited. */
  _claim(): void {
    this._checkFresh();
    this.#state = AWAITED;
    noteAwaited(this);
  }

  /** @throws InvalidStateError if the call has been awaited before */
  _checkFresh(): void {
    if (this.#state !== FRESH) throw awaitedBefore();
  }

  /** The coroutine object that the user holds. */
  get _coro(): object {
    return this;
  }

  /** Marks the call as the body of a task, which will start it. */
  _begin(): this {
    this._claim();
    this._begun = true;
    return this;
  }

  next(sent?: unknown): Result {
    const outcome = this._outcome;
    if (outcome !== undefined) {
      this._outcome = undefined;
      // Errors are delivered here too, because a wrapper iterator may lack throw().
      if (outcome instanceof Thrown) throw outcome.error;
      return outcome;
    }
    const { depth } = chain;
    if (!this._begun) {
      if (depth >= DEEPEST_INLINE) {
        // Leaves the start to the task, but only once. A second `next()` comes from code that
        // drives the call by hand, so the body starts on this stack.
        if (!this.#hasSuspended) return this._suspend({ done: false, value: undefined });
        chain.depth = 0;
      }
      this._begun = true;
      noteAwaited(this);
    }
    let result: Result;
    chain.depth++;
    try {
      result = nextOf.call(this._generator, sent);
    } finally {
      chain.depth = depth;
    }
    return result.done ? this._end(result) : this._suspend(result);
  }

  throw(error: unknown): Result {
    noteAwaited(this);
    const result = throwOf.call(this._generator, error);
    return result.done ? this._end(result) : this._suspend(result);
  }

  return(value: unknown): Result {
    noteAwaited(this);
    const result = returnOf.call(this._generator, value);
    return result.done ? this._end(result) : this._suspend(result);
  }

  /** Returns the outcome for the caller. Called if the task resumed this call directly. */
  _settle(outcome: Result | Thrown): Result | Thrown {
    return outcome;
  }

  _end(result: Result): Result {
    this.#state = DONE;
    return result;
  }

  _suspend(result: Result): Result {
    if (chain.result === result) {
      outermost()._caller = this;
      chain.outer = this;
      chain.length++;
    } else {
      chain.result = result;
      chain.inner = this;
      chain.outer = undefined;
      chain.length = 1;
      chain.isRepeated = this.#hasSuspended || !this._begun;
      this.#hasSuspended = true;
    }
    return result;
  }
}

function callToKeep(): readonly object[] {
  return [new Call(newEmptyGenerator())];
}

// Makes iterator helpers and `Object.prototype.toString` treat calls as generators, without the
// cost of a base class constructor.
Object.setPrototypeOf(CoroutineObject.prototype, generatorPrototype);
Object.setPrototypeOf(Call.prototype, CoroutineObject.prototype);

export function awaitedBefore(): InvalidStateError {
  return new InvalidStateError(
    "A coroutine object runs once, and this one was awaited before. " +
      "To await its result in several places, create a task",
  );
}

/**
 * Stores the outcome of a call that is done, for its caller's `yield*`. Returns the caller;
 * undefined if that is the body itself, a plain generator.
 */
export function deliverOutcome(call: Call, outcome: Result | Thrown): Call | undefined {
  call._outcome = call._settle(outcome);
  return call._caller;
}

/**
 * Whether to adopt the chain that has just suspended. If not, forgets the chain. Leaving a short
 * chain to the engine is cheaper the first time, and most calls suspend only once.
 */
export function shouldAdopt(): boolean {
  if (chain.isRepeated || chain.length > SHORT || locations.watchers > 0) return true;
  // Forgotten, because a user's iterator may return the same result object in another task.
  chain.result = undefined;
  return false;
}

/** Returns the outermost call of the chain that has just suspended. */
function outermost(): Call {
  return (chain.outer ?? chain.inner) as Call;
}

/** Adopts the chain that has just suspended below `caller`. Returns its innermost call. */
export function adoptChain(caller: Call | undefined): Call {
  const inner = chain.inner as Call;
  outermost()._caller = caller;
  chain.result = undefined;
  chain.inner = undefined;
  chain.outer = undefined;
  return inner;
}
