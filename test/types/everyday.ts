// The types of everyday functions, and the mistakes they reject.

import {
  asCompleted,
  type Coroutine,
  debounce,
  type EventSource,
  ExceptionGroup,
  events,
  forEach,
  iterate,
  Lock,
  latest,
  mapConcurrent,
  mapUnordered,
  type Progress,
  type ProgressSnapshot,
  progress,
  Queue,
  RateLimiter,
  retry,
  Semaphore,
  type Source,
  type Task,
  taskGroup,
  throttle,
} from "mysyncio";

function* answer(): Coroutine<42> {
  yield;
  return 42;
}

export function* everyDay(): Coroutine<void> {
  exactly<42>()(yield* retry(answer, { attempts: 2 }));
  exactly<string>()(
    yield* retry(function* (attempt) {
      exactly<number>()(attempt);
      yield;
      return "a";
    }),
  );
  exactly<PromiseSettledResult<42>[]>()(yield* mapConcurrent([1], answer, { settle: true }));
  exactly<42[]>()(yield* mapConcurrent([1], answer, { settle: false }));
  exactly<42[]>()(yield* mapConcurrent([1], answer, { concurrency: 1 }));
  exactly<Source<42>>()(mapUnordered([1], answer));
  exactly<IteratorResult<42, undefined>>()(yield* iterate(mapUnordered([1], answer)).next());
  exactly<void>()(
    yield* forEach(new Queue<Date>(), function* (item, index) {
      exactly<Date>()(item);
      exactly<number>()(index);
      yield;
    }),
  );
  const clicks = events<MessageEvent>(new EventTarget(), "message", { overflow: "drop-oldest" });
  exactly<EventSource<MessageEvent>>()(clicks);
  exactly<EventSource<unknown[]>>()(events({ on() {}, removeListener() {} }, "data"));
  exactly<Source<MessageEvent>>()(debounce(clicks, 1));
  exactly<Source<MessageEvent>>()(throttle(debounce(clicks, 1), 1));
  exactly<Source<42>>()(
    latest(clicks, (event) => {
      exactly<MessageEvent>()(event);
      return answer();
    }),
  );
  exactly<true>()(yield* new RateLimiter({ limit: 1, interval: 1 }).acquire());
  exactly<42>()(yield* new Lock().with(answer));
  exactly<42>()(yield* new Semaphore(2).with(answer));
  const pages = progress({ total: 3, label: "pages" });
  exactly<Progress>()(pages);
  exactly<number | undefined>()(pages.remaining);
  yield* forEach(throttle(pages, 100), function* (snapshot) {
    exactly<ProgressSnapshot>()(snapshot);
    yield;
  });
  exactly<42>()(
    yield* taskGroup(
      function* (group) {
        exactly<Task<42>>()(group.createTask(answer, { background: true, name: "heartbeat" }));
        return yield* answer();
      },
      { unwrap: true },
    ),
  );
  exactly<unknown>()(new ExceptionGroup([1]).unwrap());
  for (const next of asCompleted([answer()], { concurrency: 2 })) exactly<42>()(yield* next);
}

export async function outside(): Promise<void> {
  for await (const value of mapUnordered([1], answer)) exactly<42>()(value);
  for await (const { rate } of progress()) exactly<number>()(rate);
  using clicks = events(new EventTarget(), "click");
  for await (const event of clicks) exactly<Event>()(event);
}

// @ts-expect-error: the body is a coroutine function
retry(async () => 1);
// @ts-expect-error
retry(answer, { tries: 3 });
// @ts-expect-error
mapUnordered([1], answer());
// @ts-expect-error
forEach(42, answer);
// @ts-expect-error
events(new EventTarget(), "click", { overflow: "drop" });
// @ts-expect-error
debounce([1]);
// @ts-expect-error
throttle([1], "1s");
// @ts-expect-error
latest([1]);
// @ts-expect-error
new RateLimiter({ limit: 1 });
// @ts-expect-error
new Lock().with(() => 42);
// @ts-expect-error
progress(3);
// @ts-expect-error
taskGroup(answer, { unwrap: 1 });
