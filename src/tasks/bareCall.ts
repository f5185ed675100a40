// A coroutine that is not worth a generator.
//
// `yield* lock.acquire()` takes a lock that is free, else it iterates the future of
// the hand-over. A generator that does just that would cost more than all the rest:
// to be made, and to be resumed on each way in. So what such a function returns has
// no body, and only says what is to be iterated:
//
//   yield* call  ──>  call[Symbol.iterator]()  ──>  a future, or a Prompt
//
// As the body of a task, or driven by hand, it becomes a call with a generator.

import {
  Call,
  type Coroutine,
  CoroutineObject,
  type Result,
  type Suspension,
} from "./coroutine.ts";

/** What `yield*` iterates. */
export type Wait<T> = Iterator<Suspension, T, undefined>;

/** A coroutine object without a body. Only when it is awaited anything begins. */
export abstract class BareCall<T> extends CoroutineObject {
  // Declared and not defined, here and in what derives from this: to define a field costs more than to assign it.
  /** What it has become. */
  declare _call: Call | undefined;

  constructor() {
    super();
    this._call = undefined;
  }

  /** Begins: gives what to iterate, or throws. Called once, in the step that awaits it. @internal */
  abstract _start(): Wait<T>;

  /**
   * What it takes something from, if it is an operation that `race` may take back: until the step in which it ends, its
   * iterator takes nothing that `throw()` does not return. Undefined for all else. @internal
   */
  get _source(): object | undefined {
    return undefined;
  }

  /** Whether it was neither awaited nor driven by hand. @internal */
  get _isFresh(): boolean {
    return this._call === undefined;
  }

  /** Marks that somebody awaits it, or that nobody ever is to. @internal */
  _claim(): void {
    this._call = BEGUN;
  }

  [Symbol.iterator](): Wait<T> {
    // One that was driven by hand before goes on where it is.
    if (this._call !== undefined) return this._call[Symbol.iterator]() as unknown as Wait<T>;
    this._call = BEGUN;
    return this._start();
  }

  /** @internal */
  override _begin(): Call {
    return embody(this)._begin();
  }

  /** @internal */
  override _checkFresh(): void {
    this._call?._checkFresh();
  }

  next(sent?: unknown): Result {
    return embody(this).next(sent);
  }

  throw(error: unknown): Result {
    return embody(this).throw(error);
  }

  return(value: unknown): Result {
    return embody(this).return(value);
  }
}

/** Not a private method: the engine marks each instance of a class that has one, which costs more than all the rest. */
function embody(bare: BareCall<unknown>): Call {
  bare._call ??= new BodyOf(bare);
  return bare._call;
}

/** A value that is there already, as an iterator, and as that iterator's result. */
export class Prompt<T> implements Wait<T> {
  readonly done = true;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  next(): IteratorReturnResult<T> {
    return this;
  }
}

/** What `aw` is an operation of, if it is one that has not begun. */
export function sourceOf(aw: unknown): object | undefined {
  return aw instanceof BareCall && aw._isFresh ? aw._source : undefined;
}

/** An operation of several steps: what was said of `_source` holds for its generator. */
export class Operation<T> extends BareCall<T> {
  declare readonly _steps: Wait<T>;
  declare readonly _of: object | undefined;

  constructor(steps: Coroutine<T>, of: object | undefined) {
    super();
    this._steps = steps as Wait<T>;
    this._of = of;
  }

  override get _source(): object {
    return this._of ?? this;
  }

  override _start(): Wait<T> {
    return this._steps;
  }
}

/** A coroutine of such an operation. */
export function operation<T>(steps: Coroutine<T>, of?: object): Coroutine<T> {
  return new Operation(steps, of) as unknown as Coroutine<T>;
}

/** Throws `error` into an operation, and goes on with it to its end. */
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

/** A bare call with a generator. */
class BodyOf extends Call {
  readonly #bare: BareCall<unknown>;

  constructor(bare: BareCall<unknown>) {
    super(bodyOf(bare));
    this.#bare = bare;
  }

  override get _coro(): CoroutineObject {
    return this.#bare;
  }
}

function* bodyOf<T>(bare: BareCall<T>): Generator<Suspension, T, undefined> {
  return yield* { [Symbol.iterator]: () => bare._start() };
}

/** Stands for the call of one that `yield*` has begun: awaited already, and at its end. */
const BEGUN = /* @__PURE__ */ begun();

function begun(): Call {
  const body = bodyOf(undefined as never);
  body.return(undefined as never);
  return new Call(body)._begin();
}
