import { checkChoice, checkCount, checkOptions } from "../lang/arguments.ts";
import { dispose } from "../lang/dispose.ts";
import { runningScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { QueueFull } from "../sync/errors.ts";
import { Queue } from "../sync/queue.ts";
import { currentTask } from "../tasks/currentTask.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { cancelledElsewhere } from "../tasks/relay.ts";
import { checkListening, type Emitter, listenTo } from "../tasks/waitEvent.ts";
import { Source } from "./source.ts";

export interface EventsOptions {
  /** The maximum number of events waiting to be read, by default 1,024. */
  readonly limit?: number | undefined;
  /**
   * How to handle an event beyond `limit`. `"error"`, the default, ends the source: it yields the
   * waiting events, then throws `QueueFull`. `"drop-oldest"` and `"drop-newest"` drop one event and
   * continue.
   */
  readonly overflow?: "error" | "drop-oldest" | "drop-newest" | undefined;
}

/**
 * Returns a source of every event from this call on: the events of an `EventTarget`, or the
 * argument lists of an `EventEmitter`. While the reader is busy, up to `limit` events wait.
 *
 * An emitter's `error` event ends the source, and is thrown after all earlier events. If `type` is
 * `error`, it is an event like any other.
 *
 * Stops listening when the iteration ends, when a `using` block ends, and at the latest when the
 * task that called `events` ends. A virtual clock doesn't wait for events, because it assumes
 * that the program itself emits them.
 *
 * Like `on` of Node's `events`, with a limit.
 *
 * @throws TypeError if `target` emits no events, and for invalid arguments. @throws RangeError if
 * `limit` is less than 1 or not whole. @throws QueueFull during reading, if events arrive faster
 * than they are read.
 * @example
 * yield* forEach(events<MessageEvent>(socket, "message"), function* ({ data }) {
 *   yield* handle(data);
 * });
 */
export function events<E extends Event = Event>(
  target: EventTarget,
  type: string,
  options?: EventsOptions,
): EventSource<E>;
export function events(
  target: Emitter,
  type: string | symbol,
  options?: EventsOptions,
): EventSource<unknown[]>;
export function events(
  target: EventTarget | Emitter,
  type: string | symbol,
  options: EventsOptions = {},
): EventSource<unknown> {
  checkListening(target, type);
  checkOptions(options);
  const { limit = 1_024, overflow = "error" } = options;
  checkCount("limit", limit, 1);
  checkChoice("overflow", overflow, OVERFLOWS);
  const source = new Events(target, type, limit, overflow);
  return Object.assign(source, { [dispose]: () => void source._close() });
}

/** Returned by `events`. */
export interface EventSource<E> extends Source<E>, Disposable {}

const OVERFLOWS = ["error", "drop-oldest", "drop-newest"];

class Events extends Source<unknown> {
  readonly #queue: Queue<unknown>;
  readonly #unlisten: () => void;
  readonly #owner: Task<unknown> | undefined;
  readonly _loop: Scheduler | undefined = runningScheduler();
  readonly #stop = (): void => {
    this._close();
  };
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    target: EventTarget | Emitter,
    type: string | symbol,
    limit: number,
    overflow: string,
  ) {
    super();
    const queue = new Queue<unknown>(limit);
    this.#queue = queue;
    const take = (event: unknown): void => {
      if (!queue.full()) return queue.putNowait(event);
      if (overflow === "drop-newest") return;
      if (overflow === "error") {
        const which = `${limit} events of "${String(type)}" are already waiting`;
        this.#end(new QueueFull(`${which}. Read them faster, or set \`limit\` or \`overflow\``));
      } else {
        queue.getNowait();
        queue.putNowait(event);
      }
    };
    this.#unlisten = listenTo(target, type, take, (error) => this.#end(error));
    this.#owner = this._loop && currentTask();
    this.#owner?.addDoneCallback(this.#stop);
  }

  override *_pull(): Coroutine<IteratorResult<unknown, undefined>> {
    const result = yield* this.#queue._pull();
    const failure = this.#failure;
    if (!result.done || failure === undefined) return result;
    this.#failure = undefined;
    throw cancelledElsewhere(failure.error, "emitter", currentTask());
  }

  override _close(): readonly Future<unknown>[] {
    this.#failure = undefined;
    this.#leave(true);
    return [];
  }

  #end(error: unknown): void {
    this.#failure = { error };
    this.#leave(false);
  }

  #leave(drops: boolean): void {
    if (!this.#isOver) this.#unlisten();
    this.#isOver = true;
    this.#queue.shutdown(drops);
    this.#owner?.removeDoneCallback(this.#stop);
  }
}
