// The logic of a client, in every order and cancelled at every point, over an engine that loses
// everything it is allowed to lose.

import { describe, expect, test } from "vitest";
import {
  type ConsumeOptions,
  type Consumer,
  type Counts,
  type Delivery,
  type FleetEngine,
  FleetExecutor,
  type FleetQueue,
  FleetUnreachableError,
  memoryEngine,
  RemoteLostError,
  type Signal,
  type WireCall,
} from "../../src/fleet.ts";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  gather,
  getRunningLoop,
  run,
  sleep,
  TimeoutError,
} from "../../src/index.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import { add, double, sleepFor } from "./tasks.ts";

/** The faults of an engine under test. */
interface Faults {
  /** Whether a signal is lost. */
  readonly loses?: (signal: Signal) => boolean;
  /** How often each signal arrives. */
  readonly times?: number;
  /** When the server becomes unavailable, and for how many milliseconds. */
  readonly away?: readonly [from: number, until: number];
  /** Whether a stored call is forgotten. */
  readonly drops?: (id: string) => boolean;
  /** How many milliseconds a reply takes. */
  readonly latency?: number;
}

/**
 * The engine in memory, behind a bad connection. While it is unavailable, its answers wait until it
 * is back.
 */
function faulty(inner: FleetEngine, faults: Faults): FleetEngine {
  const {
    loses = () => false,
    times = 1,
    away = [0, 0],
    drops = () => false,
    latency = 0,
  } = faults;
  const wait = (): number => {
    const now = getRunningLoop().time();
    return Math.max(latency, now >= away[0] && now < away[1] ? away[1] - now : 0);
  };
  /** The action of the engine when the request has arrived there. */
  function asked<T>(question: () => T): T | PromiseLike<T> {
    const delay = wait();
    if (delay === 0) return question();
    const answer = getRunningLoop().createFuture<T>();
    getRunningLoop().callLater(delay, () => answer.setResult(question()));
    return answer as PromiseLike<T>;
  }
  return {
    embed: inner.embed,
    open(name: string): FleetQueue {
      const queue = inner.open(name);
      return {
        lease: 5_000,
        timers: () => queue.timers(),
        listen(client, onSignal) {
          queue.listen(client, (signal) => {
            const isLost = loses(signal) || wait() > latency;
            for (let i = 0; i < (isLost ? 0 : times); i++) onSignal(signal);
          });
        },
        watch: (id) => queue.watch(id),
        unwatch: (id) => queue.unwatch(id),
        submit: (call, onSend) =>
          asked(() => {
            if (!drops(call.id)) return queue.submit(call, onSend);
            onSend?.();
            return "stored";
          }) as "stored",
        cancel: (id) => asked(() => queue.cancel(id)) as "running",
        outcomes: (ids) => asked(() => queue.outcomes(ids)) as [],
        forget: (ids) => queue.forget(ids),
        consume: (options: ConsumeOptions, on: (delivery: Delivery) => void) =>
          queue.consume(options, on) as Consumer,
        counts: () => asked(() => queue.counts()) as Counts,
        close: () => queue.close(),
      };
    },
  };
}

/** An engine whose clock is fast: all calls time out immediately. */
function hasty(inner: FleetEngine): FleetEngine {
  return {
    embed: inner.embed,
    open(name: string): FleetQueue {
      const queue = inner.open(name);
      let report: (signal: Signal) => void = () => undefined;
      return Object.assign(Object.create(queue) as FleetQueue, {
        timers: () => queue.timers(),
        listen: (_: string, onSignal: typeof report) => {
          report = onSignal;
        },
        submit({ id }: WireCall) {
          const outcome = { kind: "timeout", worker: "w" } as const;
          queue.timers().later(100, () => report({ type: "outcome", id, outcome }));
          return "stored";
        },
        outcomes: (ids: string[]) => ids.map(() => ({ kind: "timeout", worker: "w" })),
        forget: () => undefined,
        cancel: () => "missing",
      });
    },
  };
}

function newFleet(faults: Faults = {}, unreachable = 60_000): FleetExecutor {
  return new FleetExecutor({ engine: faulty(memoryEngine(), faults), unreachable });
}

function* thrownBy(coro: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* coro;
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

const virtually = <T>(main: () => Coroutine<T>) => run(main, { clock: new VirtualClock() });

/** After any cancellation: nothing is left of any call. */
function* expectNothingLeft(fleet: FleetExecutor): Coroutine<void> {
  yield* sleep(20_000);
  expect(fleet.calls()).toEqual([]);
  const { submitted, settled, pending } = fleet.stats();
  expect([submitted - settled, pending]).toEqual([0, 0]);
  expect(yield* fromPromise(fleet.counts())).toEqual({ waiting: 0, delayed: 0, running: 0 });
}

describe("in every order of steps", { timeout: 60_000 }, () => {
  test("calls return their own results, once", async () => {
    const { distinct } = await explore(
      function* () {
        const fleet = newFleet({ times: 2 });
        const results = yield* gather([
          fleet.call(add, 1, 2),
          fleet.call(double, 4),
          fleet.map(double, [1, 2], { concurrency: 1 }),
          fleet.with({ id: "a" }).call(double, 5),
          fleet.with({ id: "a" }).call(double, 5),
        ]);
        expect(results).toEqual([3, 8, [2, 4], 10, 10]);
        yield* expectNothingLeft(fleet);
      },
      { runs: scale(80, 150) },
    );

    expect(distinct).toBeGreaterThan(50);
  });

  test.each([
    ["on a perfect connection", {}],
    ["with every signal lost", { loses: () => true }],
    ["with every signal twice", { times: 2 }],
    ["on a slow connection", { latency: 40 }],
    ["with the server unavailable for a while", { away: [0, 3_000] as const }],
  ])(
    "a cancellation at any point, %s, ends a call once and leaves nothing behind",
    async (_, faults) => {
      await explore(
        function* () {
          const fleet = newFleet(faults);
          const call = createTask(
            (function* victim(): Coroutine<unknown> {
              const first = yield* fleet.call(double, 3);
              return [
                first,
                yield* fleet.with({ attempts: 2, timeout: 30_000 }).call(sleepFor, 10, "x"),
              ];
            })(),
            { name: "victim" },
          );
          const other = createTask(fleet.call(add, 4, 5));
          const outcome = yield* thrownBy(
            (function* (): Coroutine<void> {
              expect(yield* call).toEqual([6, "x"]);
            })(),
          );
          if (outcome !== "nothing was thrown") expect(outcome).toBeInstanceOf(CancelledError);
          expect(yield* other).toBe(9);
          yield* expectNothingLeft(fleet);
        },
        { cancelPoints: "victim", runs: scale(50, 120) },
      );
    },
  );
});

describe("a client", () => {
  test("finds outcomes by polling if no signal arrives", async () => {
    await virtually(function* () {
      const fleet = newFleet({ loses: () => true });
      expect(yield* fleet.map(double, [1, 2, 3])).toEqual([2, 4, 6]);
      expect(fleet.stats()).toMatchObject({ polled: 3, settled: 3, resent: 0 });
    });
  });

  test("fails a call that the server has lost, if it has only one attempt", async () => {
    await virtually(function* () {
      const fleet = newFleet({ drops: () => true });
      const error = yield* thrownBy(fleet.call(add, 1, 2));
      expect(error).toBeInstanceOf(RemoteLostError);
      expect(String(error)).toContain("The server has lost the call of `tasks#add`");
      expect(fleet.stats()).toMatchObject({ lost: 1, resent: 0 });
    });
  });

  test("resubmits a call that the server has lost, and counts each loss as an attempt", async () => {
    await virtually(function* () {
      let left = 2;
      const fleet = newFleet({ drops: () => left-- > 0 });
      expect(yield* fleet.with({ attempts: 3 }).call(add, 1, 2)).toBe(3);
      expect(fleet.stats()).toMatchObject({ resent: 2, lost: 0 });
      left = Infinity;
      const error = yield* thrownBy(fleet.with({ attempts: 3 }).call(add, 1, 2));
      expect(error).toBeInstanceOf(RemoteLostError);
      expect(fleet.stats()).toMatchObject({ resent: 4, lost: 1 });
    });
  });

  test("never sends a call that it has given up on", async () => {
    await virtually(function* () {
      const loop = getRunningLoop();
      const start = loop.time();
      const fleet = newFleet({ away: [start, start + 30_000] }, 3_000);
      const hasty = yield* thrownBy(fleet.with({ timeout: 1_000 }).call(sleepFor, 1e6, 1));
      expect(hasty).toBeInstanceOf(TimeoutError);
      expect(loop.time() - start).toBe(1_000);
      const errors = [
        yield* thrownBy(fleet.call(sleepFor, 1e6, 1)),
        yield* thrownBy(fromPromise(fleet.detach(sleepFor, [1e6, 1], { id: "d" }))),
        yield* thrownBy(fromPromise(fleet.counts())),
      ];
      for (const error of errors) expect(error).toBeInstanceOf(FleetUnreachableError);
      expect(errors.map((error) => (error as Error).message)).toEqual([
        "The server did not reply for 3000 ms, so the call of `tasks#sleepFor` was not sent",
        "The server did not reply for 3000 ms, so the call of `tasks#sleepFor` was not sent",
        "The server did not reply for 3000 ms",
      ]);
      yield* sleep(start + 31_000 - loop.time());
      expect(yield* fromPromise(fleet.counts())).toEqual({ waiting: 0, delayed: 0, running: 0 });
    });
  });

  test("waits for an unavailable server, for as long as configured", async () => {
    await virtually(function* () {
      const loop = getRunningLoop();
      const start = loop.time();
      const fleet = newFleet({ away: [start, start + 50_000] });
      expect(yield* fleet.call(add, 1, 2)).toBe(3);
      expect(loop.time() - start).toBeGreaterThanOrEqual(50_000);
    });
  });

  test("gives up on a server that stays unavailable, and reports that the outcome is unknown", async () => {
    await virtually(function* () {
      const loop = getRunningLoop();
      const start = loop.time();
      const fleet = newFleet({ away: [start + 10, start + 1e9] }, 20_000);
      const error = yield* thrownBy(fleet.call(sleepFor, 1e6, 1));
      expect(error).toBeInstanceOf(FleetUnreachableError);
      expect(String(error)).toContain("the call of `tasks#sleepFor` may or may not have run");
      expect(loop.time() - start).toBeGreaterThanOrEqual(20_000);
      expect(loop.time() - start).toBeLessThanOrEqual(30_000);
    });
  });

  test("waits for a cancelled call on a dead connection for at most its grace period plus the lease", async () => {
    await virtually(function* () {
      const loop = getRunningLoop();
      const start = loop.time();
      const fleet = newFleet({ away: [start + 50, start + 1e9] });
      const call = createTask(fleet.with({ grace: 2_000 }).call(sleepFor, 1e6, 1));
      yield* sleep(100);
      call.cancel();
      expect(yield* thrownBy(call as unknown as Coroutine<unknown>)).toBeInstanceOf(CancelledError);
      expect(loop.time() - start).toBeLessThan(100 + 2_000 + 5_000 + 10);
    });
  });

  test("ends a call after its timeout even if every signal is lost", async () => {
    await virtually(function* () {
      const fleet = newFleet({ loses: () => true });
      const error = yield* thrownBy(fleet.with({ timeout: 1_000 }).call(sleepFor, 1e6, 1));
      expect(error).toBeInstanceOf(TimeoutError);
      yield* expectNothingLeft(fleet);
    });
  });

  test("never ends a call before its timeout, even if a worker reports the timeout early", async () => {
    await virtually(function* () {
      const loop = getRunningLoop();
      const start = loop.time();
      const fleet = new FleetExecutor({ engine: hasty(memoryEngine()) });
      const error = yield* thrownBy(fleet.with({ timeout: 1_000 }).call(sleepFor, 1e6, 1));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(loop.time() - start).toBeGreaterThanOrEqual(1_000);
    });
  });

  test("receives an outcome that is kept only briefly, even if the signal of the call's end is lost", async () => {
    await virtually(function* () {
      const engine = faulty(memoryEngine(), { loses: () => true });
      const fleet = new FleetExecutor({ engine, keep: 100 });
      expect(yield* fleet.with({ id: "a", attempts: 3 }).call(double, 4)).toBe(8);
      expect(fleet.stats()).toMatchObject({ resent: 0, polled: 1 });
    });
  });

  test("does not cancel a new call that reuses the id of a cancelled call, even if the signal that the cancelled call has ended is lost", async () => {
    // Polls every second.
    const fleet = newFleet({ loses: () => true }, 4_000);
    await run(function* () {
      const view = fleet.with({ id: "a" });
      const first = createTask(view.call(sleepFor, 800, 1));
      yield* sleep(10);
      first.cancel();
      const second = createTask(view.call(sleepFor, 800, 1));
      const error = yield* thrownBy(first as unknown as Coroutine<unknown>);
      expect(error).toBeInstanceOf(CancelledError);
      expect(yield* second).toBe(1);
    });
    await fleet.shutdown();
  });

  test("keeps no state of calls that have ended", async () => {
    const engine = memoryEngine();
    const fleet = new FleetExecutor({ engine });
    await run(
      function* () {
        for (let i = 0; i < 20; i++)
          yield* fleet.map(
            double,
            Array.from({ length: 100 }, (_, n) => n),
          );
      },
      { clock: new VirtualClock() },
    );

    expect(fleet.stats()).toMatchObject({ submitted: 2_000, settled: 2_000, pending: 0 });
    const queue = engine.open("mysyncio");
    expect(await queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0 });
    await fleet.shutdown();
  });
});
