// The types of groups, deadlines, primitives and contexts, and the mistakes they reject.

import {
  asCompleted,
  ContextVar,
  type Coroutine,
  createTask,
  type Future,
  gather,
  iterate,
  LifoQueue,
  Lock,
  mapConcurrent,
  moveOnAfter,
  PriorityQueue,
  Queue,
  Runner,
  race,
  shield,
  sleep,
  type Task,
  type TaskGroup,
  taskGroup,
  timeout,
  timeoutAt,
  wait,
  waitFor,
} from "mysyncio";

declare const task: Task<string>;
declare const promise: Promise<number>;
function* answer(): Coroutine<42> {
  yield;
  return 42;
}

function* repeat(text: string, times = 1): Coroutine<string> {
  yield;
  return text.repeat(times);
}

export function* structure(): Coroutine<void> {
  // Blocks have the type of their body, whose scope needs no annotation.
  exactly<42>()(yield* timeout(1, answer));
  exactly<string>()(
    yield* timeout(1, function* (scope) {
      exactly<number | undefined>()(scope.when());
      scope.reschedule(null);
      return yield* task;
    }),
  );
  exactly<42 | undefined>()(yield* moveOnAfter(null, answer));
  // Arguments after a block are those of the block.
  exactly<string>()(yield* timeout(1, repeat, "a", 2));
  exactly<string>()(yield* timeoutAt(1, repeat, "a"));
  exactly<string | undefined>()(yield* moveOnAfter(1, repeat, "a"));
  exactly<string>()(yield* new Lock().with(repeat, "a", 2));
  exactly<[42, string]>()(
    yield* taskGroup(function* (group): Coroutine<[42, string]> {
      exactly<TaskGroup>()(group);
      exactly<Task<42>>()(group.createTask(answer, { name: "child" }));
      return [yield* group.createTask(answer()), yield* task];
    }),
  );

  // Awaiting returns the awaitable's own type, or the union of several.
  exactly<42>()(yield* waitFor(answer, 1));
  exactly<number>()(yield* waitFor(promise, null));
  exactly<string>()(yield* shield(task));
  exactly<42 | string | number>()(yield* race([answer(), task, promise]));
  const { done, pending } = yield* wait([answer(), task], { returnWhen: "FIRST_COMPLETED" });
  exactly<Set<Future<42 | string>>>()(done);
  exactly<Set<Future<42 | string>>>()((yield* wait(pending)).done);
  for (const next of asCompleted([answer(), task], { timeout: 1 })) {
    exactly<42 | string>()(yield* next);
  }
  exactly<number[]>()(
    yield* mapConcurrent(["a", "b"], function* (item, index) {
      exactly<string>()(item);
      yield* sleep(index);
      return item.length;
    }),
  );

  // Queues, and iterating over them.
  const queue = new Queue<Date>(3);
  exactly<Date>()(yield* queue.get());
  const dates = iterate(queue);
  exactly<IteratorResult<Date, undefined>>()(yield* dates.next());
  const numbers: Queue<number> = new LifoQueue<number>();
  exactly<number>()(numbers.getNowait());
  new PriorityQueue<Date>(0, { compare: (a, b) => a.getTime() - b.getTime() });
  exactly<true>()(yield* new Lock().acquire());
  exactly<Disposable>()(yield* new Lock().hold());

  // A variable without a default may have a fallback of another type.
  const user = new ContextVar<string>("user");
  exactly<string>()(user.get());
  exactly<string | undefined>()(user.get(undefined));
  user.reset(user.set("a"));
  exactly<AbortSignal>()(createTask(answer).signal);
}

export async function outside(): Promise<void> {
  for await (const value of asCompleted([answer(), task])) exactly<42 | string>()(value);
  for await (const date of new Queue<Date>()) exactly<Date>()(date);
  await using runner = new Runner({ debug: true });
  exactly<42>()(await runner.run(answer));
}

timeout(1, () => gather([answer()]));
new Lock().with(() => gather([answer()]));
// @ts-expect-error: the body of a block is a function that returns a coroutine or a future
timeout(1, sleep(1));
// @ts-expect-error
timeout(1, async () => undefined);
// @ts-expect-error: an argument of another type than the block's parameter
timeout(1, repeat, 1);
// @ts-expect-error: a block with a parameter that is not the scope needs an argument
timeout(1, repeat);
// @ts-expect-error
new Lock().with(repeat, "a", "b");
// @ts-expect-error
taskGroup(function* () {
  yield sleep(1);
});
// @ts-expect-error: a timeout has to be given, if only null
waitFor(task);
// @ts-expect-error: a list
wait(task);
// @ts-expect-error
wait([task], { returnWhen: "ANY" });
// @ts-expect-error
race(sleep(1));
// @ts-expect-error
iterate(42);
// @ts-expect-error
new Queue<number>().putNowait("a");
// @ts-expect-error
new ContextVar<string>("user").set(1);
