// Concurrent callers: neither AsyncLocalStorage's stores nor context variables leak from one to
// another. One file, because all cases compare the same two kinds of stores.

import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { createServer, get } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Context,
  ContextVar,
  type Coroutine,
  copyContext,
  coroutine,
  createTask,
  currentTask,
  ensureFuture,
  fromPromise,
  gather,
  getEventLoop,
  getRunningLoop,
  iterate,
  Lock,
  moveOnAfter,
  newEventLoop,
  Queue,
  Runner,
  run,
  setEventLoop,
  sleep,
  taskGroup,
  toAsync,
  toPromise,
} from "../src/index.ts";
import { collectGarbage } from "./support/garbage.ts";

const storage = new AsyncLocalStorage<number>();
// Node 20 follows promises only once a storage is in use, and an `enterWith` before that reaches
// every later promise.
storage.run(0, () => undefined);
const variable = new ContextVar<number | undefined>("request", { default: undefined });

afterEach(() => setEventLoop(undefined));

/** The actions of a program between two checks of its context. */
const ACTIONS: Readonly<Record<string, (look: () => void) => Coroutine<unknown>>> = {
  *checkpoint() {
    yield;
  },
  sleep: () => sleep(1),
  *promise() {
    yield* fromPromise(new Promise((resolve) => setImmediate(resolve)));
  },
  *task(look) {
    yield* createTask(function* () {
      look();
      yield* sleep(1);
      look();
    });
  },
  *gather(look) {
    const child = coroutine(function* (): Coroutine<void> {
      yield;
      look();
    });
    yield* gather([child(), child()]);
  },
  *group(look) {
    yield* taskGroup(function* (group) {
      group.createTask(function* () {
        yield* sleep(1);
        look();
      });
    });
  },
  *callbacks(look) {
    const loop = getRunningLoop();
    const future = loop.createFuture<void>();
    loop.callSoon(() => {
      look();
      loop.callLater(1, () => {
        look();
        future.setResult();
      });
    });
    future.addDoneCallback(look);
    yield* future;
    yield;
  },
  *call(look) {
    yield* fromPromise(
      toAsync(function* () {
        look();
        yield* sleep(1);
        look();
      })(),
    );
  },
  *async(look) {
    yield* fromPromise(
      (async () => {
        await undefined;
        look();
      })(),
    );
  },
  *abort(look) {
    currentTask()?.signal.addEventListener("abort", look);
    yield* moveOnAfter(1, () => sleep(1_000));
  },
};

describe("stores of AsyncLocalStorage", () => {
  test("do not leak between concurrent callers of one `toAsync` function", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...Object.keys(ACTIONS)), { maxLength: 4 }), {
          minLength: 2,
          maxLength: 5,
        }),
        fc.boolean(),
        async (programs, enters) => {
          const wrong: unknown[] = [];
          const body = toAsync(function* (caller: number, actions: readonly string[]) {
            let action = "start";
            const look = () => {
              const store = storage.getStore();
              if (store !== caller) wrong.push({ caller, action, store });
            };
            look();
            for (action of actions) {
              yield* ACTIONS[action]?.(look) as Coroutine<unknown>;
              look();
            }
          });
          const call = async (actions: readonly string[], caller: number) => {
            await undefined;
            if (!enters) return await storage.run(caller, () => body(caller, actions));
            storage.enterWith(caller);
            await body(caller, actions);
            if (storage.getStore() !== caller) wrong.push(caller);
          };
          await Promise.all(programs.map(call));
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("do not leak through a lock or a queue item that is handed to another caller", async () => {
    const lock = new Lock();
    const queue = new Queue<number>(1);
    const seen: unknown[] = [];
    const put = toAsync(function* (n: number) {
      using _ = yield* lock.hold();
      seen.push([n, storage.getStore()]);
      yield* queue.put(n);
      seen.push([n, storage.getStore()]);
    });
    const take = toAsync(function* () {
      for (let i = 0; i < 3; i++) {
        yield* queue.get();
        seen.push([9, storage.getStore()]);
      }
    });
    await Promise.all([
      ...[1, 2, 3].map((n) => storage.run(n, () => put(n))),
      storage.run(9, () => take()),
    ]);
    expect(seen).toHaveLength(9);
    for (const [n, store] of seen as [number, number][]) expect(store).toBe(n);
  });

  test("that a step enters with `enterWith` do not reach other calls", async () => {
    const enter = toAsync(function* () {
      storage.enterWith(-1);
      yield;
    });
    const look = toAsync(function* () {
      yield;
      return storage.getStore();
    });
    const calls = [1, 2].flatMap((n) => storage.run(n, () => [enter(), look()]));
    expect(await Promise.all(calls)).toEqual([undefined, 1, undefined, 2]);
  });

  test("stay separate for concurrent `run` programs, whatever wakes them", async () => {
    const emitter = new EventEmitter();
    const main = function* (): Coroutine<unknown[]> {
      const seen = [storage.getStore()];
      const future = getRunningLoop().createFuture<void>();
      emitter.once("go", () => future.setResult());
      yield* future;
      seen.push(storage.getStore());
      yield* fromPromise(new Promise<void>((resolve) => emitter.once("on", resolve)));
      seen.push(storage.getStore());
      yield* createTask(() => sleep(1));
      seen.push(storage.getStore());
      // Objects made in another context do not carry the loop's context over to it.
      yield* fromPromise(storage.run(-1, () => toPromise(sleep(1))));
      seen.push(storage.getStore());
      return seen;
    };
    const programs = [1, 2, 3].map((n) => storage.run(n, () => run(main)));
    for (const event of ["go", "on"]) {
      while (emitter.listenerCount(event) < 3) await sleepOutside(1);
      storage.run(-2, () => emitter.emit(event));
    }
    expect(await Promise.all(programs)).toEqual([1, 2, 3].map((n) => Array(5).fill(n)));
  });

  test("follow each call and task on a loop with the option `asyncContext`", async () => {
    const loop = newEventLoop({ asyncContext: true });
    setEventLoop(loop);
    const inner = toAsync(function* () {
      yield* sleep(1);
      const child = storage.run(-1, () =>
        createTask(function* () {
          yield* sleep(1);
          return storage.getStore();
        }),
      );
      return [storage.getStore(), yield* child];
    });
    expect(await Promise.all([1, 2].map((n) => storage.run(n, () => inner())))).toEqual([
      [1, -1],
      [2, -1],
    ]);
  });
});

/**
 * The calls that code outside the loop may make. Each passes `look` on to the callback or task
 * that the loop runs.
 */
const ENTRIES: Readonly<Record<string, (look: () => string) => PromiseLike<string>>> = {
  run: (look) => run(looking(look)),
  async runner(look) {
    await using runner = new Runner();
    return await runner.run(looking(look));
  },
  toAsync: (look) => toAsync(looking(look))(),
  createTask: (look) => getEventLoop().createTask(looking(look)),
  ensureFuture: (look) => ensureFuture(looking(look), { loop: getEventLoop() }),
  callSoon: (look) => called(look, (done) => getEventLoop().callSoon(done)),
  callSoonThreadsafe: (look) => called(look, (done) => getEventLoop().callSoonThreadsafe(done)),
  callLater: (look) => called(look, (done) => getEventLoop().callLater(1, done)),
  callAt: (look) => called(look, (done) => getEventLoop().callAt(getEventLoop().time() + 1, done)),
  addDoneCallback: (look) =>
    called(look, (done) => {
      const future = getEventLoop().createFuture<void>();
      future.addDoneCallback(done);
      setImmediate(() => future.setResult());
    }),
  "callSoon of callLater of createTask": (look) =>
    called(look, (done) =>
      getEventLoop().callSoon(() =>
        getRunningLoop().callLater(1, () =>
          createTask(function* () {
            yield* sleep(1);
            done();
          }),
        ),
      ),
    ),
};

function looking(look: () => string): () => Coroutine<string> {
  return function* () {
    yield* sleep(1);
    return look();
  };
}

function called(look: () => string, schedule: (done: () => void) => unknown): Promise<string> {
  return new Promise((resolve) => schedule(() => resolve(look())));
}

describe("a call from outside the loop", () => {
  test.each(Object.keys(ENTRIES))("to %s keeps the caller's store and variables", async (name) => {
    const keepsRunning = toAsync(() => sleep(50));
    const first = storage.run(-1, () => keepsRunning());
    const look = () => `${storage.getStore()} ${variable.get()}`;
    const call = async (caller: number) => {
      await undefined;
      variable.set(caller);
      const seen = await ENTRIES[name]?.(look);
      return [seen, look()];
    };
    const callers = [1, 2, 3].map((n) => storage.run(n, () => call(n)));
    expect(await Promise.all(callers)).toEqual([1, 2, 3].map((n) => [`${n} ${n}`, `${n} ${n}`]));
    await first;
  });

  test("does not see a store that an earlier caller left in the loop", async () => {
    const enter = toAsync(function* () {
      storage.enterWith(-1);
      yield* sleep(5);
    });
    const entered = storage.run(-2, () => enter());
    await sleepOutside(2);
    expect(storage.getStore()).toBe(undefined);
    expect(await getEventLoop().createTask(looking(() => `${storage.getStore()}`))).toBe(
      "undefined",
    );
    await entered;
  });
});

test("a shared loop keeps no store of a call that has ended", async () => {
  const stores = new AsyncLocalStorage<object>();
  const end = new AbortController();
  const background = stores.run({ of: "the program" }, () =>
    toAsync(() => sleep(100_000))(end.signal),
  );
  const call = toAsync(function* () {
    yield* createTask(() => sleep(1));
  });
  const weak = await (async () => {
    const store = { of: "a request" };
    await stores.run(store, () => call());
    return new WeakRef(store);
  })();
  await collectGarbage(() => weak.deref() === undefined);
  expect(weak.deref()).toBe(undefined);
  end.abort();
  await expect(background).rejects.toThrow();
});

const sleepOutside = (delay: number) => new Promise((resolve) => setTimeout(resolve, delay));

describe("context variables that are set outside loops", () => {
  const look = toAsync(function* (): Coroutine<unknown> {
    yield* sleep(1);
    return variable.get();
  });

  test("do not leak between concurrent async functions", async () => {
    const request = async (n: number) => {
      await undefined;
      const before = variable.get();
      const token = variable.set(n);
      const seen = [await look(), variable.get(), await run(() => look())];
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(variable.get());
      variable.set(-n);
      seen.push(await look());
      variable.reset(token);
      return [before, ...seen, variable.get()];
    };
    const requests = await Promise.all([1, 2, 3].map(request));
    expect(requests).toEqual([1, 2, 3].map((n) => [undefined, n, n, n, n, -n, undefined]));
  });

  test("do not leak between async functions that set them in their first step", async () => {
    const request = async (n: number) => {
      variable.set(n);
      const seen = [await look()];
      return [...seen, variable.get()];
    };
    const requests = [1, 2, 3].map(request);
    expect(await Promise.all(requests)).toEqual([1, 2, 3].map((n) => [n, n]));
  });

  test("do not leak between the requests of a server", async () => {
    const server = createServer(async (request, response) => {
      const before = variable.get();
      const n = Number(request.url?.slice(1));
      variable.set(n);
      storage.enterWith(n);
      const seen = await look();
      response.end(JSON.stringify([before ?? null, seen, storage.getStore()]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const ask = (n: number) =>
      new Promise((resolve) =>
        get({ port, host: "127.0.0.1", path: `/${n}` }, async (response) => {
          let text = "";
          for await (const chunk of response) text += chunk;
          resolve(JSON.parse(text));
        }),
      );
    expect(await Promise.all([1, 2, 3].map(ask))).toEqual([1, 2, 3].map((n) => [null, n, n]));
    server.close();
  });

  test("keep their values after each await of an async function that runs in a context", async () => {
    const shared = copyContext();
    const request = (context: Context) => async (n: number | undefined) =>
      await context.run(async () => {
        if (n !== undefined) variable.set(n);
        const seen = [variable.get(), await look()];
        await sleepOutside(1);
        seen.push(
          variable.get(),
          await look(),
          await run(() => look()),
          copyContext().get(variable),
        );
        variable.set(-1);
        return [...seen, await look()];
      });
    const expected = [1, 2].map((n) => [n, n, n, n, n, n, -1]);
    const unset = [...new Array(6).fill(undefined), -1];

    const own = [1, 2, undefined].map((n) => request(copyContext())(n));
    expect(await Promise.all(own)).toEqual([...expected, unset]);
    expect(await Promise.all([1, 2].map(request(shared)))).toEqual(expected);
    expect([shared.get(variable), variable.get()]).toEqual([2, undefined]);
  });

  test("can be reset after an await, and their context can be entered again", async () => {
    const context = copyContext();
    const seen = await context.run(async () => {
      const token = variable.set(1);
      await undefined;
      const inner = context.run(() => variable.get());
      variable.reset(token);
      return [inner, variable.get()];
    });
    expect(seen).toEqual([1, undefined]);
  });

  test("have tokens that work only in the async function that created them", async () => {
    const other = new ContextVar<number>("other", { default: 0 });
    const first = (async () => {
      await undefined;
      const token = variable.set(1);
      other.set(2);
      await undefined;
      return token;
    })();
    const token = await first;
    await (async () => {
      await undefined;
      variable.set(5);
      expect(() => variable.reset(token)).toThrow("another context");
    })();
  });
});

test("an async function called by a task sees the task's variables until its first await, and never another caller's", async () => {
  async function* look(): AsyncGenerator<unknown[]> {
    for (;;) {
      const before = [variable.get(), storage.getStore()];
      await new Promise((resolve) => setImmediate(resolve));
      yield [...before, variable.get(), storage.getStore()];
    }
  }
  const handle = toAsync(function* (request: number): Coroutine<unknown[]> {
    variable.set(10 * request);
    const items = iterate(look());
    const seen: unknown[] = [(yield* items.next()).value];
    yield* sleep(1);
    seen.push((yield* items.next()).value);
    seen.push((yield* fromPromise(look().next())).value);
    return [seen, variable.get()];
  });
  const requests = [1, 2, 3];
  const seen = await Promise.all(
    requests.map((request) =>
      storage.run(request, async () => {
        variable.set(request);
        return await handle(request);
      }),
    ),
  );

  expect(seen).toEqual(requests.map((n) => [new Array(3).fill([10 * n, n, n, n]), 10 * n]));
});

test("a thenable that starts its work in `then` sees the store of the call that awaits it", async () => {
  const queue = new Queue<string>();
  const lazy = () => ({
    then: (resolve: (store: unknown) => void) => resolve(storage.getStore()),
  });
  const second = toAsync(function* () {
    yield* queue.get();
    return yield* fromPromise(lazy() as unknown as PromiseLike<number>);
  });
  const first = toAsync(function* () {
    yield* fromPromise(new Promise((resolve) => setTimeout(resolve, 5)));
    yield* queue.put("item");
  });

  const result = storage.run(2, () => second());
  await storage.run(1, () => first());
  expect(await result).toBe(2);
});
