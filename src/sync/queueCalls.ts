// The coroutines of `get()`, `put()` and `join()`, and the waiter of `put()`.

import { keepInstances } from "../loop/kept.ts";
import { Immediate, LazyCall, type Wait } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { QueuedWaiter, WaitQueue } from "./waitQueue.ts";

/** The part of a queue that these coroutines use. */
interface Operations<T> {
  _get(): Wait<T>;
  _put(item: T): QueuedWaiter<undefined> | undefined;
  _join(): QueuedWaiter<undefined> | undefined;
}

/** The coroutine of `get()`. */
export class Get<T> extends LazyCall<T> {
  static readonly _kept = /* @__PURE__ */ keepInstances(queueCallsToKeep);

  declare readonly _queue: Operations<T>;

  constructor(queue: Operations<T>) {
    super();
    this._queue = queue;
  }

  override get _resource(): object {
    return this._queue;
  }

  override _start(): Wait<T> {
    return this._queue._get();
  }
}

const DONE = /* @__PURE__ */ new Immediate(undefined);

/** The coroutine of `put()`. */
export class Put<T> extends LazyCall<void> {
  declare readonly _queue: Operations<T>;
  declare readonly _item: T;

  constructor(queue: Operations<T>, item: T) {
    super();
    this._queue = queue;
    this._item = item;
  }

  override get _resource(): object {
    return this._queue;
  }

  override _start(): Wait<void> {
    return this._queue._put(this._item) ?? DONE;
  }
}

/** The coroutine of `join()`. */
export class Join extends LazyCall<void> {
  declare readonly _queue: Pick<Operations<unknown>, "_join">;

  constructor(queue: Pick<Operations<unknown>, "_join">) {
    super();
    this._queue = queue;
  }

  override get _resource(): object {
    return this._queue;
  }

  override _start(): Wait<void> {
    return this._queue._join() ?? DONE;
  }
}

/** The waiter of a `put()` that waits for free space, with the item to add. */
export class Putting<T> extends QueuedWaiter<undefined> {
  readonly item: T;

  constructor(queue: WaitQueue<undefined>, item: T) {
    super(queue);
    this.item = item;
  }
}

function queueCallsToKeep(): readonly object[] {
  const queue = new WaitQueue<undefined>({}, "nothing", new Binding("nothing"));
  const operations = { _get: () => DONE, _put: () => undefined, _join: () => undefined };
  return [new Get(operations), new Put(operations, undefined), new Putting(queue, undefined)];
}
