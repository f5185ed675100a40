// The types of coroutines, and the mistakes they reject.

import {
  type Coroutine,
  coroutine,
  createTask,
  type Future,
  fromPromise,
  run,
  sleep,
  type Task,
} from "mysyncio";

declare const future: Future<Date>;
declare const task: Task<string>;
declare const promise: Promise<number>;

const double = coroutine(function* (n: number, { scale = 1 }: { scale?: number } = {}) {
  yield* sleep(1);
  return 2 * n * scale;
});
const same = coroutine(function* <T>(value: T): Coroutine<T> {
  yield;
  return value;
});

class Client {
  @coroutine
  *get(path: string): Coroutine<Uint8Array> {
    yield* sleep(1);
    return new Uint8Array(path.length);
  }

  @coroutine
  *same<T>(value: T): Coroutine<T> {
    yield;
    return value;
  }

  @coroutine
  static *make(): Coroutine<Client> {
    yield;
    return new Client();
  }
}

// Results are inferred through `yield*`.
export function* results(client: Client): Coroutine<boolean> {
  exactly<number>()(yield* double(1, { scale: 2 }));
  exactly<"literal">()(yield* same("literal" as const));
  exactly<Uint8Array>()(yield* client.get("path"));
  exactly<Map<string, 1>>()(yield* client.same(new Map<string, 1>()));
  exactly<Client>()(yield* Client.make());
  exactly<Date>()(yield* future);
  exactly<string>()(yield* task);
  exactly<void>()(yield* sleep(1));
  exactly<bigint>()(yield* sleep(1, 1n));
  exactly<number>()(yield* fromPromise(promise));
  exactly<Response>()(yield* fromPromise((signal) => fetch("/", { signal })));
  return true;
}

// A result passes through a function without an annotation.
function* unannotated() {
  return [yield* task, yield* double(1)] as const;
}
export function* throughUnannotated(): Coroutine<void> {
  exactly<readonly [string, number]>()(yield* unannotated());
}

// The decorated function has the function's parameters.
// @ts-expect-error
double("1");
// @ts-expect-error
double();
// @ts-expect-error
new Client().get(1);

// Only generator functions can be decorated.
// @ts-expect-error
coroutine(() => 1);
// @ts-expect-error
coroutine(async () => {});

// A forgotten star is an error where the generator must be a Coroutine<T> ...
export function* forgottenAtFuture(): Coroutine<void> {
  // @ts-expect-error
  yield future;
}
export function* forgottenAtTask(): Coroutine<void> {
  // @ts-expect-error
  yield task;
}
export function* forgottenAtCoroutine(): Coroutine<void> {
  // @ts-expect-error
  yield sleep(1);
}
export function* forgottenAtPromise(): Coroutine<void> {
  // @ts-expect-error
  yield promise;
}
export function* forgottenInTheMiddle(): Coroutine<void> {
  // @ts-expect-error
  yield* forgetful();
}
// @ts-expect-error
export const forgottenAtAssignment: () => Coroutine<number> = forgetful;

// ... and where it is passed to createTask or run.
function* forgetful() {
  yield sleep(1);
  return 1;
}
// @ts-expect-error
createTask(forgetful);
// @ts-expect-error
createTask(forgetful());
// @ts-expect-error
run(forgetful);
// @ts-expect-error
run(forgetful());
// @ts-expect-error
run(function* () {
  yield future;
});

// Nothing else may be yielded.
export function* yieldsNull(): Coroutine<void> {
  // @ts-expect-error
  yield null;
}
export function* yieldsNumber(): Coroutine<void> {
  // @ts-expect-error
  yield 1;
}

// The result has the annotated type.
export function* wrongResult(): Coroutine<number> {
  // @ts-expect-error
  return yield* task;
}
