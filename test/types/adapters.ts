// The types of adapters from coroutines to promises, signals, events and streams and back, and the
// mistakes they reject.

import {
  type Coroutine,
  type CoroutineIterator,
  coroutine,
  type Future,
  fromPromise,
  iterate,
  Queue,
  sleep,
  type Task,
  toAsync,
  toPromise,
  waitEvent,
  withSignal,
  wrapFuture,
} from "mysyncio";

declare const task: Task<string>;
declare const future: Future<Date>;
declare const promise: Promise<number>;
declare const signal: AbortSignal;
declare const target: EventTarget;
declare const emitter: {
  on(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
  removeListener(type: string | symbol, listener: (...args: unknown[]) => void): unknown;
};
function* answer(): Coroutine<42> {
  yield;
  return 42;
}

// toAsync keeps the function's parameters, and adds a signal after them.
const load = toAsync(function* (url: string, times?: number): Coroutine<string> {
  yield* sleep(times ?? 1);
  return url;
});
exactly<(url: string, times?: number, signal?: AbortSignal) => Promise<string>>()(load);
exactly<Promise<string>>()(load("a"));
exactly<Promise<string>>()(load("a", 2, signal));
const decorated = coroutine(function* <T>(value: T): Coroutine<T> {
  yield;
  return value;
});
const same = toAsync(decorated);
exactly<Promise<Date>>()(same(new Date()));
exactly<Promise<Date>>()(same(new Date(), signal));
exactly<Promise<42>>()(toAsync(answer)());
exactly<Promise<42>>()(toAsync(answer)(signal));
exactly<Promise<number>>()(toAsync((n: number) => Promise.resolve(n))(1));
class Account {
  readonly balance = 1;
  readonly read = toAsync(function* (this: Account, digits: number): Coroutine<string> {
    yield;
    return this.balance.toFixed(digits);
  });
}
exactly<Promise<string>>()(new Account().read(2));
// @ts-expect-error
load();
// @ts-expect-error
load(1);
// @ts-expect-error
load("a", signal);
// @ts-expect-error
load("a", 2, signal, 3);
// @ts-expect-error
toAsync(42);
// @ts-expect-error
toAsync((n: number) => n);
// @ts-expect-error
toAsync(answer());
const { read } = new Account();
// @ts-expect-error
read(2);

// Promises, and APIs that expect them.
exactly<Coroutine<number>>()(fromPromise(promise));
exactly<Coroutine<Response>>()(fromPromise((signal) => fetch("", { signal })));
exactly<Promise<42>>()(toPromise(answer));
exactly<Promise<string>>()(toPromise(task));
exactly<Promise<Date>>()(toPromise(future));
exactly<Future<number>>()(wrapFuture(promise));
// @ts-expect-error
fromPromise(42);
// @ts-expect-error
fromPromise(() => 42);
// @ts-expect-error
fromPromise(answer());
// @ts-expect-error
toPromise(42);
// @ts-expect-error
wrapFuture(answer());

// Signals.
exactly<Coroutine<42>>()(withSignal(signal, answer));
exactly<Coroutine<string>>()(withSignal(signal, task));
exactly<AbortSignal>()(task.signal);
// @ts-expect-error
withSignal(new AbortController(), answer);
// @ts-expect-error
withSignal(answer, signal);

// Events.
exactly<Coroutine<Event>>()(waitEvent(target, "load"));
exactly<Coroutine<MessageEvent<string>>>()(waitEvent<MessageEvent<string>>(target, "message"));
exactly<Coroutine<unknown[]>>()(waitEvent(emitter, "exit", { signal }));
// @ts-expect-error
waitEvent({}, "load");
// @ts-expect-error
waitEvent(target, 1);
// @ts-expect-error
waitEvent(target, "load", { signal: 1 });

// Streams, and everything that can be iterated.
declare const stream: ReadableStream<Uint8Array>;
declare const generator: AsyncGenerator<string>;
exactly<CoroutineIterator<Uint8Array>>()(iterate(stream));
exactly<CoroutineIterator<string>>()(iterate(generator));
exactly<CoroutineIterator<number>>()(iterate(new Queue<number>()));
exactly<CoroutineIterator<number>>()(iterate([1]));
export function* reads(): Coroutine<void> {
  const result = yield* iterate(generator).next();
  if (!result.done) exactly<string>()(result.value);
}
// @ts-expect-error
iterate(42);
// @ts-expect-error
iterate(promise);
