// The contract of every engine. The engines' own tests run it. One file, because each engine must
// pass all of it.

import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type {
  CallOutcome,
  ConsumeOptions,
  Consumer,
  Delivery,
  FleetEngine,
  FleetQueue,
  Signal,
  WireCall,
} from "../../../src/fleet.ts";

interface Fixture {
  /** An empty engine, whose clients are considered dead after at most this many milliseconds. */
  make(clientLease: number): FleetEngine;
}

const CLIENT_LEASE = 500;
const VALUE: CallOutcome = { kind: "value", value: "[1]", worker: "w" };

let count = 0;

export function testEngine(name: string, { make }: Fixture): void {
  describe(`the engine ${name}`, () => {
    let engine: FleetEngine;
    let queue: FleetQueue;
    let client: string;
    let signals: Signal[];
    let open: { close(): unknown }[];

    beforeEach(() => {
      engine = make(CLIENT_LEASE);
      open = [];
      signals = [];
      client = `client${++count}`;
      queue = opened();
      queue.listen(client, (signal) => signals.push(signal));
    });

    afterEach(async () => {
      for (const one of open.reverse()) await one.close();
    });

    function opened(): FleetQueue {
      const one = engine.open("queue");
      open.push(one);
      return one;
    }

    function callOf(options: Partial<WireCall> = {}): WireCall {
      return callNamed(`${client}-${++count}`, { client, ...options });
    }

    /** A worker that collects the calls it receives. */
    async function worker(
      options: Partial<Pick<ConsumeOptions, "tasks" | "concurrency" | "limit">> = {},
    ) {
      const deliveries: Delivery[] = [];
      const consumer: Consumer = await opened().consume(
        { ...workerOptions(), ...options },
        (delivery) => deliveries.push(delivery),
      );
      open.push({
        async close() {
          consumer.stop();
          for (const delivery of deliveries) await delivery.end(VALUE);
          await consumer.close();
        },
      });
      return deliveries;
    }

    const outcomesOf = (id: string) =>
      signals.flatMap((signal) =>
        signal.type === "outcome" && signal.id === id ? [signal.outcome] : [],
      );
    const find = async (id: string) => (await queue.outcomes([id]))[0];

    test("hands a call to one worker, and its outcome to its client", async () => {
      const all = [await worker(), await worker()];
      const call = callOf({ context: "ctx", timeout: 60_000 });
      expect(await queue.submit(call)).toBe("stored");
      await until(() => all.flat().length > 0);
      const [delivery] = all.flat() as [Delivery];
      expect(delivery.call).toMatchObject({
        id: call.id,
        task: call.task,
        args: call.args,
        context: "ctx",
      });
      expect(delivery.begun).toBe(1);
      expect(delivery.timeLeft).toBeGreaterThan(30_000);
      expect(delivery.timeLeft).toBeLessThanOrEqual(61_000);
      await delivery.end(VALUE);
      await until(() => outcomesOf(call.id).length > 0);
      expect(outcomesOf(call.id)).toEqual([VALUE]);
      expect(all.flat()).toHaveLength(1);
    });

    test("reports the state of a call correctly at every stage, until its client forgets it", async () => {
      const call = callOf();
      expect(await find(call.id)).toBeUndefined();
      await queue.submit(call);
      expect(await find(call.id)).toMatchObject({ state: "waiting" });
      const deliveries = await worker();
      await until(() => deliveries.length > 0);
      expect(await find(call.id)).toMatchObject({ state: "running", worker: expect.any(String) });
      await deliveries[0]?.end(VALUE);
      expect(await find(call.id)).toEqual(VALUE);
      queue.forget([call.id]);
      await until(async () => (await find(call.id)) === undefined);
    });

    test("merges two calls with the same id into one", async () => {
      const call = callOf();
      await queue.submit(call);
      await queue.submit(call);
      const deliveries = await worker();
      await until(() => deliveries.length > 0);
      await delay(50);
      expect(deliveries).toHaveLength(1);
    });

    test("keeps an outcome for later callers, and joins them to the call", async () => {
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      const other = { ...call, client: `client${++count}` };
      const others: Signal[] = [];
      const second = opened();
      second.listen(other.client, (signal) => others.push(signal));
      queue.watch(call.id);
      second.watch(call.id);
      expect(await queue.submit(call)).toBe("stored");
      expect(await second.submit(other)).toBe("joined");
      const deliveries = await worker();
      await until(() => deliveries.length > 0);
      await deliveries[0]?.end(VALUE);
      await until(() => others.some(({ type }) => type === "outcome"));
      await until(() => outcomesOf(call.id).length > 0);
      queue.forget([call.id]);
      expect(await second.submit(other)).toBe("joined");
      expect(await second.outcomes([call.id])).toEqual([VALUE]);
      await delay(50);
      expect(deliveries).toHaveLength(1);
    });

    /** Another client of the queue. */
    function another(): [name: string, queue: FleetQueue] {
      const name = `client${++count}`;
      const one = opened();
      one.listen(name, () => undefined);
      return [name, one];
    }

    test("cancels a call only when no other living client watches it", async () => {
      const [name, second] = another();
      const deliveries = await worker();
      const shared = callOf({ id: `id.${++count}`, keep: 60_000 });
      const detached = callOf({ id: `id.${++count}`, keep: 60_000 });
      for (const { id } of [shared, detached]) {
        queue.watch(id);
        second.watch(id);
      }
      for (const call of [shared, detached]) expect(await queue.submit(call)).toBe("stored");
      expect(await second.submit({ ...shared, client: name })).toBe("joined");
      const detaching = { ...detached, client: name, isDetached: true };
      expect(await second.submit(detaching)).toBe("joined");
      await until(() => deliveries.length === 2);
      const stopped: string[] = [];
      for (const { call, onStop } of deliveries) {
        onStop.call(
          deliveries.find((one) => one.call === call),
          () => stopped.push(call.id),
        );
      }
      for (const { id } of [shared, detached]) {
        expect(await queue.cancel(id)).toBe("shared");
        queue.unwatch(id);
      }
      second.unwatch(detached.id);
      queue.watch(detached.id);
      expect(await queue.cancel(detached.id)).toBe("shared");
      await until(async () => (await second.cancel(shared.id)) === "running" && stopped.length > 0);
      expect(stopped).toEqual([shared.id]);
    });

    test("keeps the call of a client that is gone as long as another client watches it", async () => {
      const [gone, owner] = another();
      const deliveries = await worker();
      const calls = [0, 1].map(() => callOf({ client: gone, id: `id.${++count}`, keep: 60_000 }));
      const [watched, forgotten] = calls as [WireCall, WireCall];
      for (const call of calls) {
        owner.watch(call.id);
        await owner.submit(call);
      }
      queue.watch(watched.id);
      await until(() => deliveries.length === 2);
      const stopped: string[] = [];
      for (const delivery of deliveries) delivery.onStop(() => stopped.push(delivery.call.id));
      await owner.close();
      await until(() => stopped.length > 0);
      await delay(50);
      expect(stopped).toEqual([forgotten.id]);
    });

    test("lets a call's id be used again after a cancellation, a timeout or a loss, but not after a result", async () => {
      const deliveries = await worker();
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      queue.watch(call.id);
      const outcomes: CallOutcome[] = [
        { kind: "cancelled", worker: "w" },
        { kind: "timeout", worker: "w" },
        { kind: "lost", message: "lost", worker: "w" },
        VALUE,
      ];
      for (const [index, outcome] of outcomes.entries()) {
        expect(await queue.submit(call)).toBe("stored");
        expect(await queue.submit(call)).toBe("joined");
        await until(() => deliveries.length === index + 1);
        expect(deliveries[index]?.begun).toBe(1);
        await deliveries[index]?.end(outcome);
        expect(await find(call.id)).toEqual(outcome);
        queue.forget([call.id]);
      }
      expect(await queue.submit(call)).toBe("joined");
      await delay(50);
      expect(deliveries).toHaveLength(4);
    });

    test("lets a call's id be used again after the running call was cancelled", async () => {
      const deliveries = await worker();
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      for (const turn of [1, 2]) {
        queue.watch(call.id);
        expect(await queue.submit(call)).toBe("stored");
        await until(() => deliveries.length === turn);
        expect(await queue.cancel(call.id)).toBe("running");
        // The outcome is not waited for, so the earlier call may still be ending.
        void deliveries[turn - 1]?.end({ kind: "cancelled", worker: "w" });
        await until(() => outcomesOf(call.id).length === turn);
        queue.unwatch(call.id);
        queue.forget([call.id]);
      }
    });

    test("refuses another task and other arguments under the same id", async () => {
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      expect(await queue.submit(call)).toBe("stored");
      const others: Partial<WireCall>[] = [{ task: "tasks#other" }, { args: "[[1],3]" }];
      for (const other of others) {
        expect(await queue.submit({ ...call, ...other })).toBe("conflict");
      }
      const deliveries = await worker();
      await until(() => deliveries.length > 0);
      await deliveries[0]?.end(VALUE);
      expect(await queue.submit({ ...call, args: "[[1],3]" })).toBe("conflict");
      expect(await queue.submit(call)).toBe("joined");
    });

    test("refuses other arguments even if both calls are submitted at once", async () => {
      const [name, second] = another();
      const deliveries = await worker();
      const first = callOf({ keep: 60_000 });
      for (const [from, one] of [[client, queue] as const, [name, second] as const]) {
        const id = `id.${++count}`;
        const other = { ...first, id, client: from, args: "[[1],3]" };
        const replies = await Promise.all([queue.submit({ ...first, id }), one.submit(other)]);
        expect(replies.sort()).toEqual(["conflict", "stored"]);
      }
      await until(() => deliveries.length === 2);
    });

    test("starts a call again once a cancellation of the same call has ended", async () => {
      const [name, second] = another();
      const deliveries = await worker();
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      queue.watch(call.id);
      await queue.submit(call);
      await until(() => deliveries.length === 1);
      expect(await queue.cancel(call.id)).toBe("running");
      second.watch(call.id);
      let replies = 0;
      const replied = (reply: string) => {
        replies++;
        return reply;
      };
      const again = [
        Promise.resolve(second.submit({ ...call, client: name })).then(replied),
        Promise.resolve(second.submit({ ...call, client: name, isDetached: true })).then(replied),
      ];
      await delay(100);
      expect(replies).toBe(0);
      // These clients wait for their own call, so they don't keep the old one.
      expect(await queue.cancel(call.id)).toBe("running");
      await deliveries[0]?.end({ kind: "cancelled", worker: "w" });
      // One call is stored. The other one joins it, or is merged with it.
      expect(await Promise.all(again)).toContain("stored");
      await until(() => deliveries.length === 2);
      expect(await second.outcomes([call.id])).toMatchObject([{ state: "running" }]);
      expect(await second.cancel(call.id)).toBe("shared");
      await deliveries[1]?.end(VALUE);
      await until(async () => (await second.outcomes([call.id]))[0] !== undefined);
      expect(await second.outcomes([call.id])).toEqual([VALUE]);
      expect(deliveries).toHaveLength(2);
    });

    test("cancels a call when all clients that wait for it leave at the same time", async () => {
      const [name, second] = another();
      for (let turn = 0; turn < 10; turn++) {
        const call = callOf({ id: `id.${++count}`, keep: 60_000 });
        queue.watch(call.id);
        second.watch(call.id);
        expect(await queue.submit(call)).toBe("stored");
        expect(await second.submit({ ...call, client: name })).toBe("joined");
        const replies = await Promise.all([queue.cancel(call.id), second.cancel(call.id)]);
        expect(replies.sort()).toEqual(["shared", "withdrawn"]);
        expect(await find(call.id)).toBeUndefined();
      }
    });

    test("keeps a call for a client that joins while another one leaves", async () => {
      const [name, second] = another();
      const ids: string[] = [];
      for (let turn = 0; turn < 12; turn++) {
        const call = callOf({ id: `id.${++count}`, keep: 60_000 });
        ids.push(call.id);
        queue.watch(call.id);
        await queue.submit(call);
        const join = async () => {
          for (let n = 0; n < turn % 6; n++) await second.outcomes([]);
          second.watch(call.id);
          return await second.submit({ ...call, client: name });
        };
        const replies = await Promise.all([queue.cancel(call.id), join()]);
        queue.unwatch(call.id);
        expect(["shared,joined", "withdrawn,stored"]).toContain(replies.join());
        expect(await second.outcomes([call.id])).toMatchObject([{ state: "waiting" }]);
      }
      // A worker takes older calls only if a client is known to wait for them.
      await delay(CLIENT_LEASE + 100);
      const deliveries = await worker({ concurrency: 20 });
      await until(() => deliveries.length === ids.length);
      expect(deliveries.map(({ call }) => call.id).sort()).toEqual([...ids].sort());
    });

    test("lets a call's id be used with other arguments once the call is withdrawn", async () => {
      const call = callOf({ id: `id.${++count}`, keep: 60_000 });
      queue.watch(call.id);
      await queue.submit(call);
      expect(await queue.cancel(call.id)).toBe("withdrawn");
      expect(await queue.submit({ ...call, args: "[[1],3]" })).toBe("stored");
      const deliveries = await worker();
      await until(() => deliveries.length > 0);
      expect(deliveries[0]?.call.args).toBe("[[1],3]");
    });

    test("stores an outcome for each client that watches the call, even longer than `keep`", async () => {
      const [, second] = another();
      const deliveries = await worker();
      const call = callOf({ id: `id.${++count}`, keep: 100 });
      queue.watch(call.id);
      second.watch(call.id);
      await queue.submit(call);
      await until(() => deliveries.length > 0);
      await deliveries[0]?.end(VALUE);
      await delay(150);
      for (const one of [queue, second]) {
        expect(await one.outcomes([call.id])).toEqual([VALUE]);
        one.forget([call.id]);
        one.unwatch(call.id);
        await until(async () => (await one.outcomes([call.id]))[0] === undefined);
      }
    });

    test("drops a call whose client no longer wants it when it could be sent", async () => {
      const [plain, kept] = [callOf(), callOf({ id: `id.${++count}`, keep: 60_000 })];
      for (const call of [plain, kept]) {
        await queue.submit(call, () => false);
        expect(await find(call.id)).toBeUndefined();
      }
      expect(await queue.submit({ ...kept, args: "[[1],3]" }, () => true)).toBe("stored");
    });

    test("withdraws a waiting call, so that it never starts", async () => {
      const [waiting, delayed] = [callOf(), callOf({ delay: 100 })];
      for (const call of [waiting, delayed]) {
        await queue.submit(call);
        expect(await queue.cancel(call.id)).toBe("withdrawn");
        expect(await find(call.id)).toBeUndefined();
      }
      const deliveries = await worker();
      await delay(200);
      expect(deliveries).toEqual([]);
    });

    test("notifies a call's worker of a cancellation, any number of times", async () => {
      const call = callOf();
      const deliveries = await worker();
      await queue.submit(call);
      await until(() => deliveries.length > 0);
      const reasons: string[] = [];
      deliveries[0]?.onStop((reason) => reasons.push(reason));
      await until(async () => {
        expect(await queue.cancel(call.id)).toBe("running");
        await delay(20);
        return reasons.length > 0;
      });
      await queue.cancel(call.id);
      await delay(30);
      expect(reasons).toEqual(["cancelled"]);
      await deliveries[0]?.end({ kind: "cancelled", worker: "w" });
      await until(() => outcomesOf(call.id).length > 0);
      expect(await queue.cancel(call.id)).toBe("missing");
    });

    test("reports a call that was never submitted as missing", async () => {
      expect(await queue.cancel("never-1")).toBe("missing");
      expect(await queue.outcomes(["never-1", "id.never"])).toEqual([undefined, undefined]);
    });

    test("hands out urgent calls first, also after a delay or a retry, and calls of one priority in order", async () => {
      const urgent = { priority: 0, attempts: 2 } as const;
      const background = callOf({ priority: 2 });
      const first = callOf(urgent);
      await queue.submit(first);
      const deliveries = await worker({ concurrency: 1 });
      await until(() => deliveries.length === 1);
      const delayed = callOf({ ...urgent, delay: 50 });
      const calls = [callOf(urgent), callOf(urgent), callOf(), callOf()];
      for (const call of [background, delayed, ...calls]) await queue.submit(call);
      await delay(100);
      await deliveries[0]?.retry(0);
      for (let turn = 1; turn < 8; turn++) {
        await until(() => deliveries.length === turn + 1);
        await deliveries[turn]?.end(VALUE);
      }
      const order = deliveries.slice(1).map(({ call }) => call.id);
      const urgentIds = [first, delayed, ...calls.slice(0, 2)].map(({ id }) => id);
      expect(order.slice(0, 4).sort()).toEqual(urgentIds.sort());
      expect(order.filter((id) => calls.some((call) => call.id === id))).toEqual(
        calls.map(({ id }) => id),
      );
      expect(order.at(-1)).toBe(background.id);
    });

    test("counts attempts, but not deliveries that were put back", async () => {
      const deliveries = await worker({ tasks: ["tasks#other"] });
      await queue.submit(callOf({ attempts: 3 }));
      const turn = async (number: number) => {
        await until(() => deliveries.length === number);
        return deliveries[number - 1] as Delivery;
      };
      const first = await turn(1);
      expect([first.begun, first.unknownFor]).toEqual([1, 0]);
      await first.putBack(30);
      const second = await turn(2);
      expect(second.begun).toBe(1);
      expect(second.unknownFor).toBeGreaterThan(0);
      await second.retry(30);
      const third = await turn(3);
      expect(third.begun).toBe(2);
      await third.retry(0);
      const fourth = await turn(4);
      expect(fourth.begun).toBe(3);
      await fourth.end(VALUE);
    });

    test("delivers each call to a worker that knows its task, however busy that one is", async () => {
      const others = await worker({ tasks: ["tasks#other"], concurrency: 2 });
      const knowing = await worker({ concurrency: 1 });
      const calls = [callOf(), callOf(), callOf()];
      for (const call of calls) await queue.submit(call);
      const seen: (number | undefined)[] = [];
      for (let n = 1; n <= 3; n++) {
        await until(async () => {
          for (const delivery of others.splice(0)) {
            seen.push(delivery.unknownFor);
            await delivery.putBack(1);
          }
          return knowing.length === n;
        });
        if (n === 1) await delay(100);
        expect(knowing[n - 1]).toMatchObject({ begun: 1, unknownFor: undefined });
        await knowing[n - 1]?.end(VALUE);
      }
      expect(knowing.map(({ call }) => call.id).sort()).toEqual(calls.map(({ id }) => id));
      // A live worker knows the task, so the call is not unknown, wherever it is taken.
      expect(seen.filter((unknownFor) => unknownFor !== undefined)).toEqual([]);
    });

    test("delivers urgent calls first, and background calls last", async () => {
      for (const priority of [2, 1, 0] as const) await queue.submit(callOf({ priority }));
      const deliveries = await worker({ concurrency: 1 });
      const order: string[] = [];
      for (let n = 1; n <= 3; n++) {
        await until(() => deliveries.length === n);
        const { call, end } = deliveries[n - 1] as Delivery;
        order.push(call.id);
        await end.call(deliveries[n - 1], VALUE);
      }
      const ids = Array.from(
        { length: 3 },
        (_, i) => `${client}-${Number(order[2]?.split("-")[1]) + i}`,
      );
      expect(order).toEqual(ids.reverse());
    });

    test("never delivers a call before its delay is over", async () => {
      const deliveries = await worker();
      await queue.submit(callOf({ delay: 600_000 }));
      expect(await queue.counts()).toMatchObject({ delayed: 1 });
      const before = performance.now();
      await queue.submit(callOf({ delay: 150 }));
      await until(() => deliveries.length > 0);
      expect(performance.now() - before).toBeGreaterThanOrEqual(148);
    });

    test("delivers only as many calls as a worker has room for, and counts the waiting ones", async () => {
      const deliveries = await worker({ concurrency: 2 });
      for (let i = 0; i < 5; i++) await queue.submit(callOf());
      await until(() => deliveries.length === 2);
      await delay(50);
      expect(deliveries).toHaveLength(2);
      expect(await queue.counts()).toEqual({ waiting: 3, delayed: 0, running: 2 });
      for (let n = 0; n < 5; n++) {
        await until(() => deliveries.length > n);
        await deliveries[n]?.end(VALUE);
      }
      await until(async () => (await queue.counts()).running === 0);
    });

    test("starts no more calls in an interval than the limit", async () => {
      const deliveries = await worker({ limit: { max: 2, duration: 300 } });
      const before = performance.now();
      for (let i = 0; i < 5; i++) await queue.submit(callOf());
      await until(() => deliveries.length === 5);
      // The calls start in groups of two, two and one, over two intervals.
      expect(performance.now() - before).toBeGreaterThanOrEqual(550);
    });

    test("reports progress, and the worker that has started a call", async () => {
      const deliveries = await worker();
      const call = callOf();
      await queue.submit(call);
      await until(() => deliveries.length > 0);
      deliveries[0]?.progress("[1]");
      await until(() => signals.some(({ type }) => type === "progress"));
      await until(() => signals.some(({ type }) => type === "begun"));
      expect(signals).toContainEqual({ type: "progress", id: call.id, value: "[1]" });
      expect(signals).toContainEqual({
        type: "begun",
        id: call.id,
        worker: expect.stringMatching(/^worker/),
      });
    });

    test("cancels the calls of a client that is gone, except detached ones", async () => {
      const gone = engine.open("queue");
      const name = `client${++count}`;
      gone.listen(name, () => undefined);
      const call = callOf({ client: name, id: `${name}-1` });
      const detached = callOf({ client: name, id: `id.${count}`, keep: 60_000, isDetached: true });
      const deliveries = await worker();
      await gone.submit(call);
      await gone.submit(detached);
      await until(() => deliveries.length === 2);
      const stopped: string[] = [];
      for (const delivery of deliveries) delivery.onStop(() => stopped.push(delivery.call.id));
      await gone.close();
      await until(() => stopped.length > 0);
      await delay(50);
      expect(stopped).toEqual([call.id]);
    });

    test("takes no new calls after its worker was stopped, and finishes the calls in progress", async () => {
      const deliveries: Delivery[] = [];
      const consumer = await opened().consume(workerOptions(), (delivery) =>
        deliveries.push(delivery),
      );
      const [running, later] = [callOf(), callOf()];
      await queue.submit(running);
      await until(() => deliveries.length === 1);
      consumer.stop();
      await queue.submit(later);
      await delay(100);
      expect(deliveries).toHaveLength(1);
      await deliveries[0]?.end(VALUE);
      await consumer.close();
      expect(await find(running.id)).toEqual(VALUE);
      const others = await worker();
      await until(() => others.length === 1);
      expect(others[0]?.call.id).toBe(later.id);
      expect(others[0]?.begun).toBe(1);
    });

    test("keeps the calls of different queues separate", async () => {
      const other = engine.open("another");
      open.push(other);
      const deliveries = await worker();
      await other.submit(callOf({ isDetached: true, keep: 1_000, id: `id.${++count}` }));
      await delay(60);
      expect(deliveries).toEqual([]);
      expect(await other.counts()).toMatchObject({ waiting: 1 });
    });
  });
}

/** The options of a worker that knows the task of all calls. */
export function workerOptions(): ConsumeOptions {
  const onError = () => undefined;
  return { name: `worker${++count}`, tasks: ["tasks#add"], concurrency: 8, onError };
}

/** A call as a client sends it. */
export function callNamed(id: string, options: Partial<WireCall> = {}): WireCall {
  return {
    id,
    client: "c",
    task: "tasks#add",
    args: "[[1,2],1,2]",
    attempts: 1,
    retriesErrors: false,
    backoff: { delay: 0, factor: 1, jitter: 0 },
    grace: 1_000,
    priority: 1,
    delay: 0,
    keep: 0,
    isDetached: false,
    ...options,
  };
}

/** Waits for a condition that must come true. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  timeout = 100_000,
): Promise<void> {
  const end = performance.now() + timeout;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It did not come: ${isSo}`);
    await delay(5);
  }
}
