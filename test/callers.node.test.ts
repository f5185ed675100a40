// Concurrent callers: neither the stores of AsyncLocalStorage nor context variables leak from one to the other.

import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { createServer, get } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { getRunningLoop, newEventLoop, setEventLoop } from "../src/eventLoop.ts";
import { ContextVar } from "../src/loop/context.ts";
import { run } from "../src/run.ts";
import { Lock } from "../src/sync/lock.ts";
import { Queue } from "../src/sync/queue.ts";
import { createTask, currentTask } from "../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../src/tasks/coroutine.ts";
import { fromPromise } from "../src/tasks/fromPromise.ts";
import { gather } from "../src/tasks/gather.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { taskGroup } from "../src/tasks/taskGroup.ts";
import { moveOnAfter } from "../src/tasks/timeout.ts";
import { toPromise } from "../src/tasks/toPromise.ts";
import { toAsync } from "../src/toAsync.ts";

const storage = new AsyncLocalStorage<number>();
const variable = new ContextVar<number | undefined>("request", { default: undefined });

afterEach(() => setEventLoop(undefined));

/** What a program does between two looks at its context. */
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

  test("do not leak through a lock or a queue that hands over to another caller", async () => {
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

  test("that a step enters reach no other call", async () => {
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

  test("stay with concurrent programs of `run`, whoever wakes them", async () => {
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
      // What is made in another context does not carry the loop over to it.
      yield* fromPromise(storage.run(-1, () => toPromise(sleep(1))));
      seen.push(storage.getStore());
      return seen;
    };
    const programs = [1, 2, 3].map((n) => storage.run(n, () => run(main)));
    for (const event of ["go", "on"]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      storage.run(-2, () => emitter.emit(event));
    }
    expect(await Promise.all(programs)).toEqual([1, 2, 3].map((n) => Array(5).fill(n)));
  });

  test("follow the calls with the option `asyncContext` too", async () => {
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

describe("context variables that are set outside of loops", () => {
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

  test("have tokens that work in the flow that made them, and in no other", async () => {
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
