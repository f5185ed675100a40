// A coroutine without a generator.
//
// `yield* lock.acquire()` takes a free lock, or iterates the future of the hand-over. A generator
// that does only that would cost more than the rest of the operation, because it must be created,
// and resumed each time. So functions such as `acquire` return a coroutine object without a body,
// which only returns the iterator:
//
//   yield* call  ──>  call[Symbol.iterator]()  ──>  a future, or an Immediate
//
// If the object is the body of a task, or driven by hand, it becomes a call with a generator.

import { locations } from "../lang/locations.ts";
import { noteAwaited, noteMade } from "../loop/unawaited.ts";
import { Call, CoroutineObject } from "./kernel/call.ts";
import type { Coroutine, Suspension } from "./kernel/coroutine.ts";
import type { Result } from "./kernel/generators.ts";

/** The iterator that `yield*` drives. */
export type Wait<T> = Iterator<Suspension, T, undefined>;

/** A coroutine object without a body. Nothing starts until it is awaited. */
export abstract class LazyCall<T> extends CoroutineObject {
  // Only declared, here and in derived classes, because assigning a field is cheaper than defining
  // it.
  /**
   * The call with a generator that this object has become; BEGUN if `yield*` has started the object
   * instead. Undefined until then.
   */
  declare _call: Call | undefined;

  constructor() {
    super();
    this._call = undefined;
    if (locations.watchers > 0) noteMade(this, new.target);
  }

  /** Starts the coroutine, in the step that awaits it. Returns the iterator, or throws. */
  abstract _start(): Wait<T>;

  /**
   * The lock, queue or stream from which the operation takes something; undefined if `race` can't
   * undo the operation. `race` can undo it if, at each suspension, the iterator's `throw()` gives
   * back everything that the operation has taken so far.
   */
  get _resource(): object | undefined {
    return undefined;
  }

  /** Whether this object has been neither awaited nor driven by hand. */
  get _isFresh(): boolean {
    return this._call === undefined;
  }

  /** Marks this object as awaited, or as one that must never start. */
  _claim(): void {
    this._call = BEGUN;
    noteAwaited(this);
  }

  [Symbol.iterator](): Wait<T> {
    // If this object was driven by hand before, it continues from there.
    if (this._call !== undefined) return waitOf(this._call[Symbol.iterator]());
    this._claim();
    return this._start();
  }

  override _begin(): Call {
    return materialize(this)._begin();
  }

  override _checkFresh(): void {
    this._call?._checkFresh();
  }

  next(sent?: unknown): Result {
    return materialize(this).next(sent);
  }

  throw(error: unknown): Result {
    return materialize(this).throw(error);
  }

  return(value: unknown): Result {
    return materialize(this).return(value);
  }
}

/**
 * Returns `lazy`, with the type of a coroutine. TypeScript doesn't know what the class inherits
 * from generators.
 */
export function asCoroutine<T>(lazy: LazyCall<T>): Coroutine<T> {
  return lazy as unknown as Coroutine<T>;
}

/** Continues `lazy`, which is being awaited, as `call`. Returns the iterator. */
export function continueAs<T>(lazy: LazyCall<T>, call: Call | Coroutine<T>): Wait<T> {
  // A decorated function returns a call, although its type says otherwise.
  return waitOf((call as Call)._iterate(lazy[Symbol.iterator]));
}

/** Returns `call`, with the type of what it yields and returns, which `Call` doesn't declare. */
function waitOf<T>(call: Call): Wait<T> {
  return call as unknown as Wait<T>;
}

/**
 * Turns a lazy call into a call with a generator, and returns the new call. This isn't a private
 * method, because private methods make each instance slower to create.
 */
function materialize(lazy: LazyCall<unknown>): Call {
  noteAwaited(lazy);
  lazy._call ??= new BodyOf(lazy);
  return lazy._call;
}

/** A lazy call that, once started, awaits another coroutine and returns that coroutine's result. */
export abstract class Wrapper<T> extends LazyCall<T> {
  declare _wrapped: unknown;

  constructor() {
    super();
    this._wrapped = undefined;
  }

  /** Records that this call awaits `coro`, and returns `coro`. */
  _wrap<C>(coro: C): C {
    this._wrapped = coro;
    return coro;
  }
}

/** A value that is available immediately: both an iterator and that iterator's result. */
export class Immediate<T> implements Wait<T> {
  readonly done = true;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  next(): IteratorReturnResult<T> {
    return this;
  }
}

/** Returns the resource of `aw` if `aw` is an operation that has not started; else undefined. */
export function resourceOf(aw: unknown): object | undefined {
  return aw instanceof LazyCall && aw._isFresh ? aw._resource : undefined;
}

/**
 * An operation of several steps. `race` can undo it, as `_resource` describes, unless `_of` is
 * null.
 */
export class Operation<T> extends LazyCall<T> {
  declare readonly _steps: Wait<T>;
  declare readonly _of: object | null | undefined;

  constructor(steps: Coroutine<T>, of: object | null | undefined) {
    super();
    this._steps = steps as Wait<T>;
    this._of = of;
  }

  override get _resource(): object | undefined {
    return this._of === undefined ? this : (this._of ?? undefined);
  }

  override _start(): Wait<T> {
    return this._steps;
  }
}

/**
 * Returns the coroutine of an operation of several steps, which `race` can undo. The operation
 * takes something from `of`. Without `of`, its `_resource` is the operation itself.
 */
export function operation<T>(steps: Coroutine<T>, of?: object): Coroutine<T> {
  return asCoroutine(new Operation(steps, of));
}

/**
 * Returns the coroutine of an operation of several steps that `race` can't undo. Unlike the
 * generator `steps`, this coroutine is reported if it is never awaited.
 */
export function procedure<T>(steps: Coroutine<T>): Coroutine<T> {
  return asCoroutine(new Operation(steps, null));
}

/** Throws `error` into an operation and drives it to its end. */
export function* leave<T>(steps: Wait<T>, error: unknown): Coroutine<T> {
  if (steps.throw === undefined) throw error;
  let step = steps.throw(error);
  while (!step.done) {
    try {
      yield step.value;
    } catch (next) {
      step = steps.throw(next);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/** The call with a generator that a lazy call becomes. */
class BodyOf extends Call {
  readonly #lazy: LazyCall<unknown>;

  constructor(lazy: LazyCall<unknown>) {
    super(bodyOf(lazy));
    this.#lazy = lazy;
  }

  override get _coro(): CoroutineObject {
    return this.#lazy;
  }
}

function* bodyOf<T>(lazy: LazyCall<T>): Generator<Suspension, T, undefined> {
  return yield* { [Symbol.iterator]: () => lazy._start() };
}

/** The `_call` of all lazy calls that `yield*` has started: a dummy call that has ended. */
const BEGUN = /* @__PURE__ */ begun();

function begun(): Call {
  const body = bodyOf(undefined as never);
  body.return(undefined as never);
  return new Call(body)._begin();
}
