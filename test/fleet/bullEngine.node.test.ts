// Tests the engine over a real Redis server.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BullConsumer } from "../../src/fleet/bull/bullConsumer.ts";
import { BullDelivery } from "../../src/fleet/bull/bullDelivery.ts";
import { connect } from "../../src/fleet/bull/connection.ts";
import { Keys } from "../../src/fleet/bull/keys.ts";
import { packages } from "../../src/fleet/bull/packages.ts";
import { bullEngine, type Delivery, type FleetQueue } from "../../src/fleet.ts";
import { BadLine } from "./support/badLine.ts";
import { callNamed, testEngine, until, workerOptions } from "./support/conformance.ts";
import { RedisServer } from "./support/redis.ts";
import { usePackages } from "./support/workers.ts";

let redis: RedisServer;
let count = 0;

beforeAll(async () => {
  usePackages();
  redis = await RedisServer.start();
});

afterAll(() => redis.end());

testEngine("BullMQ", {
  make: (clientLease) =>
    bullEngine({ connection: redis.url, prefix: `{test${++count}}`, lease: 2_000, clientLease }),
});

test.each([
  ["lease", 1_000.5],
  ["clientLease", 2_000.5],
  ["lease", Infinity],
])(
  "bullEngine() rejects a %s of %s, because the server accepts only whole milliseconds",
  (name, value) => {
    expect(() => bullEngine({ connection: redis.url, [name]: value })).toThrow(
      `Expected \`${name}\` to be a whole number`,
    );
  },
);

test("storing a second outcome of a call publishes the first one again", async () => {
  const keys = new Keys("{kept}", "queue");
  const [client, listener] = [connect(redis.url), connect(redis.url)];
  const published: string[] = [];
  listener.on("message", (_channel, message) => published.push(message));
  try {
    await listener.subscribe(keys.onKept("a"));
    const offer = (outcome: string) =>
      client.storeOutcomes(keys.out("c"), keys.base, "", 60_000, "a", "", 60_000, outcome);
    await offer("first");
    await offer("second");
    await expect.poll(() => published.length, { timeout: 60_000 }).toBe(2);

    expect(await client.call("GET", keys.kept("a"))).toBe("first");
    expect(published).toEqual(Array(2).fill('[["o","a","first"]]'));
  } finally {
    client.disconnect();
    listener.disconnect();
  }
});

test("a worker that starts while its server is down still measures timeouts by the server's clock", async () => {
  const late = await RedisServer.start();
  await late.kill();
  const engine = bullEngine({ connection: late.url, lease: 2_000 });
  const early = engine.open("queue");
  try {
    await delay(1_500);
    await late.restart();
    const deliveries: Delivery[] = [];
    const consumer = await early.consume(workerOptions(), (delivery) => deliveries.push(delivery));
    const client = bullEngine({ connection: late.url }).open("queue");
    client.listen("c1", () => undefined);
    const before = performance.now();
    await client.submit(callNamed("c1-1", { client: "c1", timeout: 60_000 }));
    await until(() => deliveries.length > 0);
    const [delivery] = deliveries as [Delivery];
    const left = delivery.timeLeft;

    expect(left + performance.now() - before).toBeGreaterThan(60_000 - 50);
    await delivery.end({ kind: "value", value: "[1]", worker: "early" });
    consumer.stop();
    await consumer.close();
    await client.close();
  } finally {
    await early.close();
    await late.end();
  }
});

test("a worker takes other workers' calls at a limited rate while those workers are busy", async () => {
  const engine = bullEngine({ connection: redis.url, prefix: "{rest}", lease: 2_000 });
  const [client, busy, other] = [0, 1, 2].map(() => engine.open("queue")) as [
    FleetQueue,
    FleetQueue,
    FleetQueue,
  ];
  client.listen("c2", () => undefined);
  const taken: Delivery[] = [];
  const first = await busy.consume({ ...workerOptions(), concurrency: 1 }, (one) =>
    taken.push(one),
  );
  await client.submit(callNamed("c2-1", { client: "c2" }));
  await until(() => taken.length === 1);
  let refused = 0;
  const before = performance.now();
  const second = await other.consume({ ...workerOptions(), tasks: [] }, (one) => {
    refused++;
    void one.putBack(1);
  });
  for (let n = 2; n < 30; n++) await client.submit(callNamed(`c2-${n}`, { client: "c2" }));
  await until(() => refused > 40);
  second.stop();

  // Each refusal rests for 5 ms. The 8 calls that a worker may hold are taken first.
  expect(performance.now() - before).toBeGreaterThanOrEqual((refused - 8) * 5 - 50);
  first.stop();
  await taken[0]?.end({ kind: "cancelled", worker: "w" });
  await Promise.all([first.close(), second.close()]);
  await Promise.all([client, busy, other].map((queue) => queue.close()));
});

test("after a reconnection, no old call is dropped before its client has had time to renew the lease", async () => {
  const keys = new Keys("{back}", "queue");
  const server = await RedisServer.start();
  const engine = bullEngine({ connection: server.url, prefix: "{back}", lease: 2_000 });
  const [client, gone, own] = [0, 1, 2].map(() => engine.open("queue")) as [
    FleetQueue,
    FleetQueue,
    FleetQueue,
  ];
  const raw = connect(server.url);
  const taken: Delivery[] = [];
  const consumer = await own.consume({ ...workerOptions(), concurrency: 1 }, (one) =>
    taken.push(one),
  );
  try {
    client.listen("c3", () => undefined);
    await client.submit(callNamed("c3-1", { client: "c3" }));
    await until(() => taken.length === 1);
    // This client renews no lease, and seems to have submitted its call a minute ago.
    await gone.submit(callNamed("c4-1", { client: "c4" }));
    const data = JSON.parse(String(await raw.call("HGET", keys.job("c4-1"), "data")));
    const old = JSON.stringify({ ...data, submitted: data.submitted - 60_000 });
    await raw.call("HSET", keys.job("c4-1"), "data", old);
    await server.ask("CLIENT KILL TYPE normal");
    await taken[0]?.end({ kind: "value", value: "[1]", worker: "w" });
    await until(() => taken.length === 2);

    expect(taken[1]?.call.id).toBe("c4-1");
  } finally {
    consumer.stop();
    for (const delivery of taken) await delivery.end({ kind: "cancelled", worker: "w" });
    await consumer.close();
    for (const queue of [client, gone, own]) await queue.close();
    raw.disconnect();
    await server.end();
  }
});

test("a detached call that is withdrawn leaves no stale list of waiting clients", async () => {
  const keys = new Keys("{stale}", "queue");
  const raw = connect(redis.url);
  const queue = bullEngine({ connection: redis.url, prefix: "{stale}" }).open("queue");
  queue.listen("c5", () => undefined);
  try {
    await raw.call("SADD", keys.waiters("id.stale"), "*");
    queue.watch("id.stale");
    await queue.submit(callNamed("id.stale", { client: "c5", keep: 60_000 }));
    expect(await raw.call("PTTL", keys.waiters("id.stale"))).toBeGreaterThan(0);
    expect(await queue.cancel("id.stale")).toBe("withdrawn");
  } finally {
    raw.disconnect();
    await queue.close();
  }
});

test("a call whose submission was stored but not confirmed runs once", async () => {
  const line = await BadLine.start(redis.port);
  const options = { prefix: "{unconfirmed}", lease: 2_000 };
  const client = bullEngine({ connection: line.url, ...options }).open("queue");
  const own = bullEngine({ connection: redis.url, ...options }).open("queue");
  const taken: Delivery[] = [];
  const consumer = await own.consume(workerOptions(), (one) => taken.push(one));
  try {
    let ended = "";
    client.listen("c6", (signal) => {
      if (signal.type === "outcome") ended = signal.id;
    });
    const submit = (id: string) =>
      client.submit(callNamed(id, { client: "c6" }), () => ended !== id);
    /** Ends a call once it has been taken, like a client and a worker. */
    const end = async (id: string) => {
      await until(() => taken.some(({ call }) => call.id === id));
      await taken.at(-1)?.end({ kind: "value", value: "[1]", worker: "w" });
      await until(() => ended === id);
      client.forget([id]);
    };
    await submit("c6-1");
    await end("c6-1");
    line.loseReply("c6-2");
    const submitted = submit("c6-2");
    await end("c6-2");
    await until(async () => (await own.counts()).running === 0);
    line.cut();
    await submitted;
    await submit("c6-3");
    await end("c6-3");

    expect(taken.map(({ call }) => call.id)).toEqual(["c6-1", "c6-2", "c6-3"]);
  } finally {
    consumer.stop();
    for (const delivery of taken) await delivery.end({ kind: "cancelled", worker: "w" });
    await consumer.close();
    await Promise.all([client.close(), own.close()]);
    await line.end();
  }
});

test("an outcome is stored once the server accepts it again", async () => {
  const server = await RedisServer.start();
  const engine = bullEngine({ connection: server.url, prefix: "{full}", lease: 10_000 });
  const [client, own] = [engine.open("queue"), engine.open("queue")];
  const outcomes: string[] = [];
  const refused: Error[] = [];
  const taken: Delivery[] = [];
  const options = { ...workerOptions(), onError: (error: unknown) => refused.push(error as Error) };
  const consumer = await own.consume(options, (one) => taken.push(one));
  try {
    client.listen("c5", (signal) => {
      if (signal.type === "outcome") outcomes.push(signal.outcome.kind);
    });
    await client.submit(callNamed("c5-1", { client: "c5" }));
    await until(() => taken.length === 1);
    await server.ask("CONFIG SET maxmemory 1");
    const ended = taken[0]?.end({ kind: "value", value: "[1]", worker: "w" });
    await until(() => refused.length > 0);
    await server.ask("CONFIG SET maxmemory 0");
    await ended;
    await until(() => outcomes.length > 0);

    expect(outcomes).toEqual(["value"]);
    expect(refused[0]?.message).toMatch(/maxmemory/);
  } finally {
    consumer.stop();
    await consumer.close();
    await Promise.all([client, own].map((queue) => queue.close()));
    await server.end();
  }
});

test("a call goes back to the queue if the worker stops while it looks for the call's earlier outcome", async () => {
  const engine = bullEngine({ connection: redis.url, prefix: "{stops}", lease: 10_000 });
  const [client, own, other] = [0, 1, 2].map(() => engine.open("queue")) as [
    FleetQueue,
    FleetQueue,
    FleetQueue,
  ];
  const [taken, elsewhere]: Delivery[][] = [[], []];
  const consumer = await own.consume(workerOptions(), (one) => taken?.push(one));
  const link = (consumer as BullConsumer).server.redis;
  const call = link.call.bind(link);
  let isChecking = false;
  // Only calls with a kept outcome are checked, by looking for an earlier outcome.
  link.call = (async (...args: Parameters<typeof call>) => {
    if (args[0] === "HGET") {
      isChecking = true;
      await delay(100);
    }
    return await call(...args);
  }) as typeof link.call;
  client.listen("c6", () => undefined);
  await client.submit(callNamed("c6-1", { client: "c6", keep: 10_000 }));
  await until(() => isChecking);
  consumer.stop();
  const second = await other.consume(workerOptions(), (one) => elsewhere?.push(one));
  await until(() => elsewhere?.length === 1);

  expect(taken).toEqual([]);
  second.stop();
  await elsewhere?.[0]?.end({ kind: "cancelled", worker: "w" });
  await Promise.all([consumer.close(), second.close()]);
  await Promise.all([client, own, other].map((queue) => queue.close()));
});

test("a call whose lease is lost is given back to BullMQ at once, not only when its function ends", async () => {
  const delivery = new BullDelivery({} as never, {} as never, { id: "c7-1" } as never, "token");
  delivery.stop("lost");

  await expect(delivery.whenGivenBack).rejects.toBeInstanceOf(packages().WaitingError);
});
