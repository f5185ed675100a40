// The executor as its users see it, over the engine in memory. One file, because all cases share
// the executor, its worker and its tasks.

import { afterEach, describe, expect, test, vi } from "vitest";
import {
  defineTask,
  FleetError,
  FleetExecutor,
  type FleetExecutorOptions,
  type FleetView,
  LookupError,
  memoryEngine,
  RemoteLostError,
  startWorker,
} from "../../src/fleet.ts";
import {
  CancelledError,
  ContextVar,
  type Coroutine,
  createTask,
  type ExceptionContext,
  ExceptionGroup,
  formatTaskTree,
  fromPromise,
  gather,
  getRunningLoop,
  RuntimeError,
  run,
  sleep,
  TimeoutError,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { until } from "./support/conformance.ts";
import * as tasks from "./tasks.ts";

const { add, double, echo, later, sleepFor } = tasks;

const made: FleetExecutor[] = [];

function newFleet(options: FleetExecutorOptions = {}): FleetExecutor {
  const fleet = new FleetExecutor({ engine: memoryEngine(), ...options });
  made.push(fleet);
  return fleet;
}

afterEach(async () => {
  for (const fleet of made.splice(0)) await fleet.shutdown({ cancel: true });
});

/** Runs a program with its own fleet in virtual time. */
function virtually<T>(
  main: (fleet: FleetExecutor) => Coroutine<T>,
  options?: FleetExecutorOptions,
): Promise<T> {
  return run(() => main(newFleet(options)), { clock: new VirtualClock() });
}

/** The error that an awaited coroutine throws. */
function* thrownBy(coro: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* coro;
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );

describe("a fleet call", () => {
  test("returns the result of an ordinary, an async and a coroutine function", async () => {
    const fleet = newFleet();

    expect(await fleet.submit(add, [1, 2])).toBe(3);
    expect(await fleet.submit(later, [1, "late"])).toBe("late");
    expect(await fleet.submit(double, [21])).toBe(42);
  });

  test("can be made with call(), with runInExecutor(), and through the default executor", async () => {
    const results = await virtually(function* (fleet) {
      const loop = getRunningLoop();
      const called = yield* fleet.call(add, 1, 2);
      const given = yield* loop.runInExecutor(fleet, double, 2);
      const viewed = yield* loop.runInExecutor(fleet.with({ delay: 50_000 }), double, 3);
      loop.setDefaultExecutor(fleet);
      return [called, given, viewed, yield* loop.runInExecutor(null, add, 4, 5), loop.time()];
    });

    expect(results).toEqual([3, 4, 6, 9, expect.any(Number)]);
    expect(results[4]).toBeGreaterThanOrEqual(50_000);
  });

  test.each([
    ["maps, sets, dates and bigints", new Map<unknown, unknown>([[1n, new Set([new Date(5)])]])],
    ["bytes and buffers", { bytes: new Uint8Array([1, 2]), buffer: new ArrayBuffer(3) }],
    ["values that JSON lacks", [undefined, Number.NaN, -0, Infinity, /x/g, null]],
    ["nested plain objects", { a: { b: [{}] } }],
  ])("copies %s", async (_, value) => {
    expect(await newFleet().submit(echo, [value])).toEqual(value);
  });

  test("copies circular arguments, and an error with its class and cause", async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const error = new TypeError("bad", { cause: new RangeError("why") });
    const [copy, copied] = (await newFleet().submit(echo, [[circle, error]])) as [
      typeof circle,
      Error,
    ];

    expect(copy.self).toBe(copy);
    expect(copy).not.toBe(circle);
    expect(copied).toBeInstanceOf(TypeError);
    expect(copied.cause).toBeInstanceOf(RangeError);
  });

  test.each([
    ["a function", () => undefined],
    ["an instance of a class", new (class Photo {})()],
    ["a symbol", Symbol("s")],
    ["a promise", Promise.resolve()],
    ["an object with an own __proto__", JSON.parse('{"__proto__": {"polluted": true}}')],
  ])("rejects %s at the call, with a DataCloneError", async (_, value) => {
    const fleet = newFleet();

    expect(await rejection(fleet.submit(echo, [value]))).toMatchObject({
      name: "DataCloneError",
      message: expect.stringContaining("The arguments of `tasks#echo` could not be cloned"),
    });
    expect(fleet.stats().submitted).toBe(0);
  });

  test("fails with a DataCloneError if its result cannot be sent", async () => {
    const error = (await rejection(newFleet().submit(tasks.unsendable, []))) as Error;

    expect(error.name).toBe("DataCloneError");
    expect(error.message).toContain("The result of `tasks#unsendable`");
  });

  test("fails with an error that names the path of a value that cannot be sent", async () => {
    const error = await rejection(newFleet().submit(echo, [{ nested: { f: () => 1 } }]));

    expect(String(error)).toContain("nested.f");
  });

  test("accepts arguments of up to maxPayload characters", async () => {
    const fleet = newFleet({ maxPayload: 1_000 });
    const overhead = '[[1],"'.length + '"]'.length;

    expect(await fleet.submit(echo, ["x".repeat(1_000 - overhead)])).toHaveLength(1_000 - overhead);
    const error = await rejection(fleet.submit(echo, ["x".repeat(1_001 - overhead)]));
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain("at most 1000 characters (`maxPayload`), got 1001");
  });

  test("throws the function's error, with name, fields, cause and stack", async () => {
    const error = (await rejection(newFleet().submit(tasks.fail, ["no photo"]))) as Error;

    expect(error).toMatchObject({ name: "BadPhotoError", message: "no photo", code: "E_PHOTO" });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.stack).toContain("tasks.ts");
    expect(error.stack).toMatch(/in `tasks#fail` on memory/);
  });

  test("throws an exception group as an exception group", async () => {
    const error = (await rejection(newFleet().submit(tasks.failAsGroup, []))) as AggregateError;

    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([expect.any(TypeError), expect.any(RangeError)]);
    expect(ExceptionGroup.prototype).toBeInstanceOf(AggregateError);
  });

  test.each([
    ["a function that was not made by defineTask", () => undefined],
    [
      "a location from which something could be imported",
      { url: "data:text/javascript,", name: "x" },
    ],
    ["undefined", undefined],
  ])("rejects %s in place of a task", async (_, task) => {
    const fleet = newFleet();

    const given = task as unknown as typeof add;
    expect(() => fleet.call(given, 1, 2)).toThrow(TypeError);
    expect(await rejection(fleet.submit(given, [1, 2]))).toBeInstanceOf(TypeError);
    expect(await rejection(fleet.detach(given, [1, 2]))).toBeInstanceOf(TypeError);
  });

  test("sends the values of chosen context variables, which the function still sees after an await", async () => {
    const fleet = newFleet({ context: [tasks.tenant as never] });
    const other = newFleet();

    const seen = await run(function* () {
      tasks.tenant.set("acme");
      const inTask = yield* fleet.call(tasks.tenantOf);
      const inAsync = yield* fleet.call(tasks.tenantOfAsync);
      const withoutIt = yield* other.call(tasks.tenantOf);
      return [inTask, inAsync, withoutIt];
    });
    expect(seen).toEqual(["acme", "acme", "none"]);
    expect(await fleet.submit(tasks.tenantOf, [])).toBe("none");
  });

  test("is listed with its task, its worker and its state", async () => {
    await virtually(function* (fleet) {
      const call = createTask(fleet.call(sleepFor, 500, 1), { name: "main call" });
      yield* sleep(100);
      expect(fleet.calls()).toEqual([
        {
          id: expect.any(String),
          task: "tasks#sleepFor",
          state: "running",
          worker: "memory",
          age: 100,
        },
      ]);
      expect(formatTaskTree()).toContain("FleetCall tasks#sleepFor (running on memory)");
      yield* call;
      expect(fleet.calls()).toEqual([]);
    });
  });
});

describe("cancelling a fleet call", () => {
  test("ends a coroutine where it waits, and completes when the coroutine has cleaned up", async () => {
    await virtually(function* (fleet) {
      const loop = getRunningLoop();
      const call = createTask(fleet.call(sleepFor, 10_000, 1));
      yield* sleep(100);
      call.cancel();
      expect(yield* thrownBy(call as never)).toBeInstanceOf(CancelledError);
      expect(loop.time()).toBeLessThan(200);
      expect(yield* counts(fleet)).toEqual({ waiting: 0, delayed: 0, running: 0 });
    });
  });

  test("removes a delayed call", async () => {
    await virtually(function* (fleet) {
      const call = createTask(fleet.with({ delay: 1e9 }).call(add, 1, 2));
      yield* sleep(100);
      call.cancel();
      expect(yield* thrownBy(call as never)).toBeInstanceOf(CancelledError);
      expect(yield* counts(fleet)).toEqual({ waiting: 0, delayed: 0, running: 0 });
    });
  });

  test("waits for a call that ignores the cancellation until the end of the grace period", async () => {
    await virtually(function* (fleet) {
      const loop = getRunningLoop();
      const call = createTask(fleet.with({ grace: 3_000 }).call(tasks.deaf, 1));
      yield* sleep(100);
      call.cancel();
      expect(yield* thrownBy(call as never)).toBeInstanceOf(CancelledError);
      expect(loop.time() - 100).toBeGreaterThanOrEqual(3_000);
      expect(loop.time() - 100).toBeLessThan(3_100);
    });
  });

  test("lets the caller receive the value of a function that returns one despite the cancellation", async () => {
    const result = await virtually(function* (fleet) {
      const call = createTask(fleet.call(tasks.swallow));
      yield* sleep(100);
      call.cancel();
      return yield* call;
    });

    expect(result).toBe("a result all the same");
  });

  test("aborts the signal of an async function, and throws the reason in the caller", async () => {
    const controller = new AbortController();
    const call = newFleet().submit(tasks.untilAborted, [], { signal: controller.signal });
    setTimeout(() => controller.abort("changed my mind"), 10);
    const error = (await rejection(call)) as Error;

    expect(error).toBeInstanceOf(CancelledError);
    expect(error.cause).toBe("changed my mind");
  });

  test("by a signal that has already aborted prevents the call", async () => {
    const fleet = newFleet();

    const error = await rejection(fleet.submit(add, [1, 2], { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(CancelledError);
    expect(fleet.stats().submitted).toBe(0);
  });

  test("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    await newFleet().submit(add, [1, 2], { signal });

    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe("a view made by with()", () => {
  test("ends a call after its timeout, even while the call is still queued", async () => {
    await virtually(function* (fleet) {
      const loop = getRunningLoop();
      const view = fleet.with({ timeout: 500 });
      for (const one of [
        view.call(sleepFor, 10_000, 1),
        view.with({ delay: 9_000 }).call(add, 1, 2),
      ]) {
        const before = loop.time();
        const error = yield* thrownBy(one);
        expect(error).toBeInstanceOf(TimeoutError);
        expect(String(error)).toMatch(
          /The call of `tasks#(sleepFor|add)` did not end within 500 ms/,
        );
        expect(loop.time() - before).toBeGreaterThanOrEqual(500);
        expect(loop.time() - before).toBeLessThan(1_000);
      }
      expect(yield* view.call(sleepFor, 499, "in time")).toBe("in time");
    });
  });

  test("retries a call after an error, with the configured attempts and delays", async () => {
    const begins: number[] = [];
    const flaky = defineTask(import.meta.url, "flaky", () => {
      begins.push(getRunningLoop().time());
      if (begins.length < 4) throw new Error(`attempt ${begins.length}`);
      return begins.length;
    });
    await virtually(function* (fleet) {
      const view = fleet.with({ retry: "errors", attempts: 4, backoff: { delay: 100, factor: 3 } });
      expect(yield* view.call(flaky)).toBe(4);
    });
    const gaps = begins.slice(1).map((begin, index) => begin - (begins[index] as number));

    expect(gaps).toEqual([100, 300, 900]);
  });

  test("throws the last error when all attempts have failed; by default, there is one attempt", async () => {
    let begun = 0;
    const failing = defineTask(import.meta.url, "failing", () => {
      throw new Error(`attempt ${++begun}`);
    });
    await virtually(function* (fleet) {
      const view = fleet.with({ attempts: 3, backoff: 10 });
      expect(String(yield* thrownBy(view.call(failing)))).toBe("Error: attempt 1");
      const error = yield* thrownBy(view.with({ retry: "errors" }).call(failing));
      expect(String(error)).toBe("Error: attempt 4");
    });
  });

  test("does not retry a cancelled call, however many attempts it has", async () => {
    let begun = 0;
    const counted = defineTask(import.meta.url, "counted", function* (): Coroutine<void> {
      begun++;
      yield* sleep(1_000);
    });
    await virtually(function* (fleet) {
      const call = createTask(fleet.with({ attempts: 5, retry: "errors" }).call(counted));
      yield* sleep(10);
      call.cancel();
      yield* thrownBy(call as never);
      yield* sleep(60_000);
    });

    expect(begun).toBe(1);
  });

  test("reports progress at intervals, including the last value", async () => {
    const heard: unknown[] = [];
    await virtually(function* (fleet) {
      yield* fleet
        .with({ onProgress: (value) => heard.push(value) })
        .call(tasks.progressing, 100, 10);
    });

    expect(heard[0]).toEqual({ step: 1 });
    expect(heard.at(-1)).toEqual({ step: 100 });
    // Once in 100 ms, and at the end.
    expect(heard.length).toBeGreaterThanOrEqual(9);
    expect(heard.length).toBeLessThanOrEqual(12);
  });

  test("passes errors of onProgress to the exception handler of its loop", async () => {
    const failure = new Error("of onProgress");
    const reports: ExceptionContext[] = [];
    const steps = await virtually(function* (fleet) {
      getRunningLoop().setExceptionHandler((_, context) => void reports.push(context));
      const onProgress = () => {
        throw failure;
      };
      return yield* fleet.with({ onProgress }).call(tasks.progressing, 1, 10);
    });

    expect(steps).toBe(1);
    expect(reports.map(({ exception }) => exception)).toEqual([failure]);
  });

  test.each([undefined, null, 0])(
    "rejects with %s if that is what the function throws",
    async (thrown) => {
      const throwing = defineTask(import.meta.url, "throwing", async () => {
        throw thrown;
      });

      expect(await virtually((fleet) => thrownBy(fleet.call(throwing)))).toBe(thrown);
      const fleet = newFleet();
      expect(await rejection(fleet.submit(throwing, []))).toBe(thrown);
    },
  );

  test("joins calls with the same id, which share one outcome", async () => {
    let begun = 0;
    const once = defineTask(import.meta.url, "once", function* (): Coroutine<number> {
      yield* sleep(100);
      return ++begun;
    });
    await virtually(
      function* (fleet) {
        const view = fleet.with({ id: "photo:7 / ü" });
        expect(yield* gather([view.call(once), view.call(once)])).toEqual([1, 1]);
        expect(yield* view.call(once)).toBe(1);
        // The promise must not stay pending forever.
        yield* sleep(60_001);
        expect(yield* view.call(once)).toBe(2);
      },
      { keep: 60_000 },
    );
  });

  test("cancels a joined call only for the caller that cancels it", async () => {
    await virtually(function* (fleet) {
      const view = fleet.with({ id: "shared" });
      const first = createTask(view.call(sleepFor, 500, "shared"));
      const second = createTask(view.call(sleepFor, 500, "shared"));
      yield* sleep(100);
      second.cancel();
      expect(yield* thrownBy(second as never)).toBeInstanceOf(CancelledError);
      expect(yield* first).toBe("shared");
    });
  });

  test("continues a call with an id as long as any client waits for it", async () => {
    const engine = memoryEngine();
    const [owner, other] = [newFleet({ engine }), newFleet({ engine })];
    await run(
      function* () {
        const call = (fleet: FleetExecutor, timeout: number | null) =>
          createTask(fleet.with({ id: "x", timeout }).call(sleepFor, 500, "shared"));
        const first = call(owner, null);
        yield* sleep(10);
        const [joined, hasty] = [call(other, null), call(owner, 100)];
        const attached = other.attach("x");
        yield* sleep(10);
        first.cancel();
        expect(yield* thrownBy(first as never)).toBeInstanceOf(CancelledError);
        expect(yield* thrownBy(hasty as never)).toBeInstanceOf(TimeoutError);
        expect(yield* joined).toBe("shared");
        expect(yield* fromPromise(attached)).toBe("shared");
      },
      { clock: new VirtualClock() },
    );
  });

  test("starts a call again if the previous call with its id was cancelled or timed out", async () => {
    let begun = 0;
    const counted = defineTask(import.meta.url, "again", function* (): Coroutine<number> {
      begun++;
      yield* sleep(begun < 3 ? 1_000 : 1);
      return begun;
    });
    await virtually(function* (fleet) {
      const view = fleet.with({ id: "y" });
      const cancelled = createTask(view.call(counted));
      yield* sleep(10);
      cancelled.cancel();
      expect(yield* thrownBy(cancelled as never)).toBeInstanceOf(CancelledError);
      const late = yield* thrownBy(view.with({ timeout: 500 }).call(counted));
      expect(late).toBeInstanceOf(TimeoutError);
      expect(yield* view.call(counted)).toBe(3);
      expect(yield* view.call(counted)).toBe(3);
    });
  });

  test("starts a new call only when a cancelled call with the same id has cleaned up", async () => {
    const order: string[] = [];
    const tidy = defineTask(import.meta.url, "tidy", function* (): Coroutine<number> {
      order.push("begin");
      try {
        yield* sleep(order.length === 1 ? 1e6 : 1);
        return order.length;
      } finally {
        yield* sleep(100);
        order.push("end");
      }
    });
    await virtually(function* (fleet) {
      const view = fleet.with({ id: "tidy" });
      const first = createTask(view.call(tidy));
      yield* sleep(10);
      first.cancel();
      yield* sleep(10);
      const second = createTask(view.call(tidy));
      const unwanted = createTask(view.call(tidy));
      yield* sleep(10);
      unwanted.cancel();
      const detached = fleet.detach(tidy, [], { id: "tidy" });
      expect(yield* thrownBy(unwanted as never)).toBeInstanceOf(CancelledError);
      expect(order).toEqual(["begin"]);
      expect(yield* thrownBy(first as never)).toBeInstanceOf(CancelledError);
      expect(yield* fromPromise(detached)).toBe("tidy");
      expect(yield* second).toBe(3);
      expect(order).toEqual(["begin", "end", "begin", "end"]);
    });
  });

  test("starts its own call when the one that it had joined times out", async () => {
    let begun = 0;
    const counted = defineTask(import.meta.url, "own", function* (): Coroutine<number> {
      begun++;
      yield* sleep(begun === 1 ? 1e6 : 1_000);
      return begun;
    });
    await virtually(function* (fleet) {
      yield* fromPromise(fleet.with({ timeout: 500 }).detach(counted, [], { id: "z" }));
      expect(yield* fleet.with({ id: "z", timeout: 5_000 }).call(counted)).toBe(2);
      const late = fleet.with({ id: "again", timeout: 800 });
      yield* fromPromise(fleet.with({ timeout: 500 }).detach(counted, [], { id: "again" }));
      expect(yield* thrownBy(late.call(counted))).toBeInstanceOf(TimeoutError);
    });
  });

  test("rejects another task or other arguments under the id of a call", async () => {
    const fleet = newFleet();
    const view = fleet.with({ id: "photo 7" });
    expect(await view.submit(add, [1, 2])).toBe(3);
    const errors = [
      await rejection(view.submit(add, [1, 3])),
      await rejection(view.submit(later, [1, 2])),
      await rejection(fleet.detach(add, [0, 0], { id: "photo 7" })),
    ];

    for (const error of errors) {
      expect(error).toBeInstanceOf(FleetError);
      expect(String(error)).toContain('The id "photo 7" belongs to a call of another task');
    }
  });

  test("passes its options on to a view made from it, which can replace them", async () => {
    await virtually(function* (fleet) {
      const loop = getRunningLoop();
      const before = loop.time();
      yield* fleet.with({ delay: 1_000 }).with({ attempts: 2, delay: undefined }).call(add, 1, 2);
      expect(loop.time() - before).toBeGreaterThanOrEqual(1_000);
    });
  });

  test.each([
    [{ attempts: 0 }, "attempts"],
    [{ attempts: "3" }, "attempts"],
    [{ retry: "always" }, "retry"],
    [{ backoff: { delay: -1 } }, "backoff.delay"],
    [{ backoff: { factor: 0.5 } }, "backoff.factor"],
    [{ backoff: { factor: Infinity } }, "backoff.factor"],
    [{ backoff: Infinity }, "backoff.delay"],
    [{ backoff: { jitter: 2 } }, "backoff.jitter"],
    [{ backoff: "soon" }, "backoff"],
    [{ timeout: -1 }, "timeout"],
    [{ timeout: Number.NaN }, "timeout"],
    [{ priority: 5 }, "priority"],
    [{ delay: "1" }, "delay"],
    [{ id: "" }, "id"],
    [{ id: 7 }, "id"],
    [{ id: "x".repeat(201) }, "id"],
    [{ grace: -1 }, "grace"],
    [{ onProgress: 1 }, "onProgress"],
    [null, "options"],
    ["attempts", "options"],
  ])("rejects %o, and names the mistake", (options, name) => {
    expect(() => newFleet().with(options as never)).toThrow(`Expected \`${name}\``);
  });
});

describe("map", () => {
  test("returns the results in the order of the items, limiting the number of calls at a time", async () => {
    let [running, most] = [0, 0];
    const busy = defineTask(import.meta.url, "busy", function* (n: number): Coroutine<number> {
      most = Math.max(most, ++running);
      yield* sleep(100 - n);
      running--;
      return n * n;
    });
    const items = Array.from({ length: 20 }, (_, i) => i);
    const results = await virtually((fleet) => fleet.map(busy, items, { concurrency: 4 }));

    expect(results).toEqual(items.map((n) => n * n));
    expect(most).toBe(4);
  });

  test("throws the first error, after it has cancelled the other calls", async () => {
    const part = defineTask(import.meta.url, "part", function* (n: number): Coroutine<void> {
      yield* sleep(n);
      if (n === 10) throw new RangeError("the tenth");
    });
    await virtually(function* (fleet) {
      const error = yield* thrownBy(fleet.map(part, [1_000, 10, 2_000]) as never);
      expect(error).toBeInstanceOf(RangeError);
      expect(yield* counts(fleet)).toEqual({ waiting: 0, delayed: 0, running: 0 });
    });
  });

  test("throws a RangeError for a view with an id", () => {
    expect(() => newFleet().with({ id: "one" }).map(double, [1])).toThrow("without `id`");
  });
});

describe("a detached call", () => {
  test("continues without its executor, and delivers its outcome to a later attach", async () => {
    const engine = memoryEngine();
    const first = newFleet({ engine });
    const id = await first.detach(later, [30, "done"], { id: "job" });
    await first.shutdown({ cancel: true });

    expect(id).toBe("job");
    const second = newFleet({ engine });
    expect(await Promise.all([second.attach(id), second.attach(id)])).toEqual(["done", "done"]);
    expect(await second.attach(id)).toBe("done");
  });

  test("is given an id if none is passed", async () => {
    const fleet = newFleet();
    const ids = await Promise.all([fleet.detach(add, [1, 2]), fleet.detach(add, [3, 4])]);

    expect(new Set(ids).size).toBe(2);
    expect(await Promise.all(ids.map((id) => fleet.attach(id)))).toEqual([3, 7]);
  });

  test("rejects with the function's error for an attached caller", async () => {
    const fleet = newFleet();
    const id = await fleet.detach(tasks.fail, ["detached"]);

    expect(await rejection(fleet.attach(id))).toMatchObject({ name: "BadPhotoError" });
  });

  test("that never existed makes attach() reject with a LookupError that contains the id", async () => {
    const error = await rejection(newFleet().attach("nowhere"));

    expect(error).toBeInstanceOf(LookupError);
    expect(String(error)).toContain('There is no call "nowhere"');
  });
});

describe("a fleet executor", () => {
  test("makes drain() wait while maxQueue calls are in progress", async () => {
    const fleet = newFleet({ maxQueue: 3 });
    const calls: Promise<unknown>[] = [];
    let most = 0;
    for (let i = 0; i < 20; i++) {
      await fleet.drain();
      calls.push(fleet.submit(later, [1, i]));
      most = Math.max(most, fleet.stats().pending);
    }

    expect(await Promise.all(calls)).toHaveLength(20);
    expect(most).toBe(3);
    await fleet.drain();
  });

  test("counts its calls", async () => {
    const fleet = newFleet();
    await fleet.submit(add, [1, 2]);
    await rejection(fleet.submit(tasks.fail, ["x"]));
    const controller = new AbortController();
    const call = fleet.submit(tasks.untilAborted, [], { signal: controller.signal });
    await until(async () => (await fleet.counts()).running === 1);

    expect(fleet.stats()).toMatchObject({ submitted: 3, settled: 2, pending: 1, cancelled: 0 });
    controller.abort();
    await rejection(call);
    expect(fleet.stats()).toMatchObject({ settled: 3, pending: 0, cancelled: 1 });
  });

  test("waits for its calls at shutdown, and rejects new ones", async () => {
    const fleet = newFleet();
    const call = fleet.submit(later, [20, "finished"]);
    const ending = fleet.shutdown();

    expect(await rejection(fleet.submit(add, [1, 2]))).toBeInstanceOf(RuntimeError);
    expect(await rejection(fleet.detach(add, [1, 2]))).toBeInstanceOf(RuntimeError);
    expect(await rejection(fleet.attach("x"))).toBeInstanceOf(RuntimeError);
    await ending;
    expect(await call).toBe("finished");
    await fleet.shutdown();
  });

  test("cancels its calls at shutdown({ cancel: true }), even if it is already shutting down", async () => {
    const fleet = newFleet();
    const call = fleet.submit(tasks.untilAborted, []);
    const ending = fleet.shutdown();
    await fleet.shutdown({ cancel: true });
    await ending;

    expect(await rejection(call)).toBeInstanceOf(CancelledError);
  });

  test("is disposed of at the end of its block", async () => {
    let outer: FleetView | undefined;
    {
      await using fleet = new FleetExecutor({ engine: memoryEngine() });
      outer = fleet;
      void fleet.submit(later, [10, 1]);
    }

    expect(await rejection(outer.submit(add, [1, 2]))).toBeInstanceOf(RuntimeError);
  });

  test("shuts down as a loop's default executor without cancelling other executors' calls", async () => {
    const engine = memoryEngine();
    const other = newFleet({ engine });
    const call = other.submit(later, [20, "finished"]);
    await run(function* () {
      const loop = getRunningLoop();
      loop.setDefaultExecutor(new FleetExecutor({ engine }));
      expect(yield* loop.runInExecutor(null, add, 1, 2)).toBe(3);
      yield* loop.shutdownDefaultExecutor();
      expect(other.calls()).toHaveLength(1);
    });

    expect(await call).toBe("finished");
    expect(await other.submit(add, [2, 3])).toBe(5);
  });

  test("fails the calls of a loop that closes, and can be shut down", async () => {
    const fleet = newFleet();
    let call: Promise<unknown> | undefined;
    await run(function* () {
      call = fleet.with({ delay: 1e9 }).submit(add, [1, 2]);
      yield* sleep(1);
    });

    expect(await rejection(call as Promise<unknown>)).toBeInstanceOf(RemoteLostError);
    await fleet.shutdown();
  });

  test.each([
    [{ queue: "" }, "queue"],
    [{ queue: "a:b" }, "queue"],
    [{ queue: 1 }, "queue"],
    [{ engine: {} }, "engine"],
    [{ engine: memoryEngine(), connection: "redis://x" }, "connection"],
    [{ prefix: 1 }, "prefix"],
    [{ maxQueue: 0 }, "maxQueue"],
    [{ maxPayload: -1 }, "maxPayload"],
    [{ keep: 0 }, "keep"],
    [{ keep: "1h" }, "keep"],
    [{ unreachable: 0 }, "unreachable"],
    [{ context: ["tenant"] }, "context"],
    [null, "options"],
  ])("rejects %o, and names the mistake", (options, name) => {
    const given = options === null ? null : { engine: memoryEngine(), ...options };
    expect(() => new FleetExecutor(given as never)).toThrow(new RegExp(`Expected .*\`${name}\``));
  });

  test.each([
    { connection: 42 },
    { connection: true },
    { connection: "" },
    { connection: "http://localhost" },
    { connection: { url: "redis://localhost" } },
  ])("rejects %o", (options) => {
    expect(() => new FleetExecutor(options as never)).toThrow("Expected `connection`");
  });
});

describe("a worker on the in-memory engine", () => {
  test("runs the calls of its tasks, which the engine no longer runs itself", async () => {
    const engine = memoryEngine();
    await using worker = await startWorker({
      engine,
      tasks: [tasks],
      concurrency: 4,
      name: "ours",
    });
    const fleet = newFleet({ engine });

    expect(await fleet.submit(double, [4])).toBe(8);
    expect(await fleet.submit(add, [4, 5])).toBe(9);
    const call = fleet.submit(later, [50, 1]);
    await until(() => worker.running === 1);
    expect(fleet.calls()[0]).toMatchObject({ worker: "ours" });
    await call;
    expect(worker.tasks).toContain("tasks#double");
  });

  test("fails a call if no worker has had its task for `patience` milliseconds", async () => {
    const engine = memoryEngine();
    await using worker = await startWorker({
      engine,
      tasks: [double],
      concurrency: 1,
      patience: 0,
    });
    const error = await rejection(newFleet({ engine }).submit(add, [1, 2]));

    expect(error).toBeInstanceOf(LookupError);
    expect(String(error)).toContain(
      `For 0 ms, no worker knew the task \`tasks#add\`. The worker ${worker.name}`,
    );
    expect(String(error)).toContain("knows tasks#double");
  });

  test("puts calls that have attempts left back into the queue at close, and fails the others", async () => {
    const engine = memoryEngine();
    const worker = await startWorker({ engine, tasks: [tasks], concurrency: 4 });
    const fleet = newFleet({ engine });
    const once = rejection(fleet.submit(sleepFor, [60_000, 1]));
    const twice = fleet.with({ attempts: 2 }).submit(tasks.sleepOnce, ["close-1", 60_000]);
    // A call that the worker has taken, but whose function has not begun, would not be cancelled.
    await until(() => worker.running === 2 && tasks.timesBegun("close-1") === 1);
    await worker.close();

    expect(await once).toBeInstanceOf(RemoteLostError);
    expect(await twice).toBe("begun 2 times");
  });

  test("accepts no more calls once it drains, and finishes those in progress", async () => {
    const engine = memoryEngine();
    const worker = await startWorker({ engine, tasks: [tasks], concurrency: 4, name: "drained" });
    const fleet = newFleet({ engine });
    const call = fleet.submit(later, [40, "finished"]);
    await until(() => worker.running === 1);
    await worker.drain();

    expect(await call).toBe("finished");
    await fleet.submit(double, [1]);
    await worker.close();
  });

  test.each([
    [{ tasks: undefined }, "tasks"],
    [{ tasks: [] }, "tasks"],
    [{ tasks: [{}] }, "tasks[0]"],
    [{ tasks: [42] }, "tasks[0]"],
    [{ threads: 0 }, "threads"],
    [{ concurrency: -1 }, "concurrency"],
    [{ queue: "a:b" }, "queue"],
    [{ limit: { max: 0, duration: 1 } }, "limit.max"],
    [{ limit: { max: 1, duration: Infinity } }, "limit.duration"],
    [{ limit: { max: 1, duration: 0.5 } }, "limit.duration"],
    [{ name: 1 }, "name"],
  ])("rejects %o", async (options, name) => {
    const given = { engine: memoryEngine(), tasks: [tasks], ...options };
    expect(String(await rejection(startWorker(given as never)))).toContain(`Expected \`${name}\``);
  });

  test("rejects a context variable that its threads can't find", async () => {
    const hidden = new ContextVar("hidden") as never;
    const options = { engine: memoryEngine(), tasks: [tasks] };
    const start = (context: readonly never[], concurrency: number) =>
      startWorker({ ...options, context, threads: 1, concurrency });

    expect(String(await rejection(start([hidden], 0)))).toMatch(
      /^RangeError: Threads can't find the context variable `hidden`/,
    );
    await (await start([tasks.tenant as never], 0)).close();
    await (await start([hidden], 1)).close();
    await (await startWorker({ ...options, context: [hidden] })).close();
  });

  test("rejects two tasks with the same name", async () => {
    const one = defineTask("file:///a/photos.js", "resize", () => 1);
    const two = defineTask("file:///b/photos.js", "resize", () => 2);
    const versioned = defineTask("file:///b/photos.js", "resize", () => 2, { id: "resize@2" });
    const start = (other: object) =>
      startWorker({ engine: memoryEngine(), tasks: [{ one }, { other }], concurrency: 1 });

    expect(String(await rejection(start(two)))).toMatch(/Two tasks are called `photos#resize`/);
    await (await start(versioned)).close();
  });
});

test("without bullmq, a program can use a fleet in memory, and gets an error that names the packages for a server", async () => {
  const { exitOf } = await import("../support/program.ts");
  const program = `
    import { FleetExecutor, defineTask, memoryEngine } from "mysyncio/fleet";
    const add = defineTask(import.meta.url, "add", (a, b) => a + b);
    const fleet = new FleetExecutor({ engine: memoryEngine() });
    console.log(await fleet.submit(add, [1, 2]));
    try { new FleetExecutor({ connection: "redis://127.0.0.1:1" }); } catch (error) { console.log(String(error)); }`;

  expect(await exitOf(program)).toEqual({
    code: 0,
    signal: null,
    stdout: [
      "3",
      expect.stringMatching(
        /^RuntimeError: A fleet over Redis needs the package `ioredis`.*`npm install ioredis@6`/,
      ),
    ],
    stderr: [],
  });
});

test("an undefined option counts as omitted", async () => {
  const engine = memoryEngine({ concurrency: undefined });
  const undefinedOptions = (names: string) =>
    Object.fromEntries(names.split(" ").map((name) => [name, undefined]));
  const fleet = new FleetExecutor({
    engine,
    ...undefinedOptions(
      "connection queue prefix maxQueue maxPayload keep codec context unreachable",
    ),
  });
  made.push(fleet);
  const view = fleet
    .with(undefinedOptions("attempts retry backoff timeout priority delay id grace onProgress"))
    .with({ backoff: undefinedOptions("delay factor jitter") });
  const worker = await startWorker({
    engine,
    tasks: [tasks],
    ...undefinedOptions("connection queue prefix threads concurrency limit name codec context"),
    ...undefinedOptions("patience onError"),
  });

  expect(await view.submit(add, [1, 2], undefined)).toBe(3);
  expect(await view.submit(add, [1, 2], { signal: undefined })).toBe(3);
  expect(await run(() => view.map(double, [1], { concurrency: undefined }))).toEqual([2]);
  expect(await fleet.attach(await view.detach(add, [1, 2], { id: undefined }))).toBe(3);
  await worker.drain();
  await worker.close();
  await fleet.shutdown({ cancel: undefined });
});

test("a FleetError that a task throws keeps its class", async () => {
  const nested = defineTask(import.meta.url, "nested", () => {
    throw new FleetError("from within");
  });

  expect(await rejection(newFleet().submit(nested, []))).toBeInstanceOf(FleetError);
});

function counts(fleet: FleetExecutor): Coroutine<unknown> {
  return fromPromise(fleet.counts());
}
