// Tests what a fleet promises, over a real server, with workers and clients that are processes and
// are killed. There is a test for each row of the table in docs/fleet.md. One file, because all
// tests share the server and the processes.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import {
  bullEngine,
  defineTask,
  FleetError,
  FleetExecutor,
  type FleetExecutorOptions,
  FleetUnreachableError,
  RemoteLostError,
  startWorker,
} from "../../src/fleet.ts";
import { CancelledError, copyContext } from "../../src/index.ts";
import { BadLine } from "./support/badLine.ts";
import { until } from "./support/conformance.ts";
import { RedisServer } from "./support/redis.ts";
import { buildTasks, removeTasks, usePackages, WorkerProcess } from "./support/workers.ts";
import * as tasks from "./tasks.ts";

const { add, double, sleepFor, trace, traceOnce } = tasks;

/** Short enough to wait for its end, and long enough for a busy machine. */
const LEASE = 2_000;
const PATIENCE = { timeout: 120_000 };

let redis: RedisServer;
let built: string;
let scratch: string;
let count = 0;

beforeAll(async () => {
  usePackages();
  [redis, built] = await Promise.all([RedisServer.start(), buildTasks("tasks.ts")]);
  scratch = mkdtempSync(join(built, "scratch-"));
});

afterAll(async () => {
  await redis.end();
  removeTasks(built);
});

/** A queue for each test. */
interface Place {
  readonly queue: string;
  /** The lines of a file in which tasks leave their traces. */
  readonly file: string;
  /** Registers an action for the end of the test. */
  readonly atEnd: (end: () => unknown) => void;
}

function newPlace({ onTestFinished }: TestContext): Place {
  const queue = `queue${++count}`;
  // The action that was registered last runs first.
  return {
    queue,
    file: join(scratch, queue),
    atEnd: (end) => onTestFinished(async () => void (await end())),
  };
}

function newFleet(
  { queue, atEnd }: Place,
  options: FleetExecutorOptions = {},
  url = redis.url,
): FleetExecutor {
  const engine = bullEngine({ connection: url, lease: LEASE });
  const fleet = new FleetExecutor({ engine, queue, ...options });
  atEnd(() => fleet.shutdown({ cancel: true }));
  return fleet;
}

async function newWorker(
  { queue, atEnd }: Place,
  args: string[] = [],
  url = redis.url,
): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start([
    ...[join(built, "tasks.js"), "--connection", url, "--queue", queue, "--lease", `${LEASE}`],
    ...(args.length > 0 ? args : ["--concurrency", "16"]),
  ]);
  atEnd(() => worker.kill());
  return worker;
}

const traces = ({ file }: Place): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
const beginsOf = (place: Place, key: string) =>
  traces(place).filter((line) => line.startsWith(`begin ${key} `)).length;
const begun = (place: Place, key: string) => until(() => beginsOf(place, key) > 0);
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
const isAnswered = (request: Promise<unknown>) =>
  request.then(
    () => true,
    () => false,
  );
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

test.concurrent(
  "a worker that dies, freezes or is cut off causes a RemoteLostError, or another start if attempts allow it, and its late outcomes are ignored",
  PATIENCE,
  async (context) => {
    const proxy = await BadLine.start(redis.port);
    context.onTestFinished(() => proxy.end());
    const rows = await Promise.all(
      (["dies", "freezes", "is cut off"] as const).map(async (how) => {
        const place = newPlace(context);
        const worker = await newWorker(place, [], how === "is cut off" ? proxy.url : redis.url);
        const fleet = newFleet(place);
        const once = rejection(
          fleet.submit(trace, [place.file, "once", how === "freezes" ? 4_000 : 600_000]),
        );
        const twice = rejection(
          fleet.with({ attempts: 2 }).submit(traceOnce, [place.file, "twice"]),
        );
        await Promise.all([begun(place, "once"), begun(place, "twice")]);
        if (how === "dies") await worker.kill();
        else if (how === "freezes") worker.process.kill("SIGSTOP");
        else proxy.stall();
        await newWorker(place);
        const outcomes = await Promise.all([once, twice]);
        if (how === "freezes") worker.process.kill("SIGCONT");
        if (how === "is cut off") {
          // By then, the worker itself has noticed that its lease is over.
          await until(() => traces(place).includes("cancelled once"));
        }
        return {
          how,
          outcomes,
          begins: [beginsOf(place, "once"), beginsOf(place, "twice")],
          fleet,
          place,
        };
      }),
    );
    for (const { how, outcomes, begins, fleet, place } of rows) {
      expect([how, ...outcomes]).toEqual([
        how,
        expect.any(RemoteLostError),
        { value: "twice begun again" },
      ]);
      expect([how, ...begins]).toEqual([how, 1, 2]);
      expect(String(outcomes[0])).toContain("A worker died, froze or was cut off");
      expect(fleet.stats()).toMatchObject({ submitted: 2, settled: 2, lost: 1 });
      // A process that was frozen does not end normally.
      expect(traces(place)).not.toContain("end once");
    }
  },
);

test.concurrent(
  "a body runs at most once with attempts 1, at least once with more, and exactly once if nothing happens",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    await newWorker(place);
    const fleet = newFleet(place);
    const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
    const calls = keys.map((key, i) =>
      fleet.with({ attempts: 1 + (i % 2) }).submit(trace, [place.file, key, 1]),
    );

    expect(await Promise.all(calls)).toEqual(keys);
    expect(keys.map((key) => beginsOf(place, key))).toEqual(keys.map(() => 1));
  },
);

test.concurrent(
  'an error of the function is thrown, and retried with retry: "errors"',
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    await newWorker(place, ["--threads", "1"]);
    const fleet = newFleet(place);
    const error = (await rejection(
      fleet.with({ attempts: 3 }).submit(tasks.failFirst, [`${place.file}-a`, 2]),
    )) as Error;

    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe("attempt 1");
    expect(error.stack).toMatch(/in `tasks#failFirst` on \S+\.\d+\.\w+/);
    const retried = fleet.with({ attempts: 3, retry: "errors", backoff: 20 });
    expect(await retried.submit(tasks.failFirst, [`${place.file}-b`, 2])).toBe(3);
    expect(await rejection(retried.submit(tasks.failFirst, [`${place.file}-c`, 9]))).toMatchObject({
      message: "attempt 3",
    });
  },
);

describe.concurrent("a server", () => {
  test("that dies with AOF on loses nothing, and calls wait for it", PATIENCE, async (context) => {
    const own = await RedisServer.start();
    context.onTestFinished(() => own.end());
    const place = newPlace(context);
    // No lease may end here, however busy the machine is.
    const lease = 30_000;
    await newWorker(place, ["--concurrency", "16", "--lease", `${lease}`], own.url);
    const engine = bullEngine({ connection: own.url, lease });
    const fleet = newFleet(place, { engine }, own.url);
    const early = Array.from({ length: 50 }, (_, i) => fleet.submit(double, [i]));
    const delayed = Array.from({ length: 10 }, (_, i) =>
      fleet.with({ delay: 500 }).submit(double, [i]),
    );
    await early[0];
    // The server writes its log to disk each second.
    await delay(1_100);
    await until(() => own.isWritten());
    await own.kill();
    const meanwhile = Array.from({ length: 50 }, (_, i) => fleet.submit(double, [i]));
    await delay(300);
    await own.restart();

    for (const calls of [early, delayed, meanwhile]) {
      expect(await Promise.all(calls)).toEqual(calls.map((_, i) => 2 * i));
    }
    expect(fleet.stats()).toMatchObject({ lost: 0, resent: 0, pending: 0 });
  });

  test(
    "that loses acknowledged writes causes a RemoteLostError, or the call is submitted again",
    PATIENCE,
    async (context) => {
      const own = await RedisServer.start();
      context.onTestFinished(() => own.end());
      const place = newPlace(context);
      const fleet = newFleet(place, { unreachable: 4_000 }, own.url);
      const once = rejection(fleet.submit(add, [1, 2]));
      const twice = fleet.with({ attempts: 2 }).submit(add, [3, 4]);
      await until(async () => (await fleet.counts()).waiting === 2);
      await own.ask("FLUSHALL");
      await until(() => fleet.stats().resent === 1);
      await newWorker(place, ["--threads", "1"], own.url);

      expect(await once).toBeInstanceOf(RemoteLostError);
      expect(await twice).toBe(7);
    },
  );

  test(
    "that is unavailable for longer than `unreachable` causes a FleetUnreachableError, with an unknown outcome",
    PATIENCE,
    async (context) => {
      const own = await RedisServer.start();
      context.onTestFinished(() => own.end());
      const place = newPlace(context);
      const fleet = newFleet(place, { unreachable: 800 }, own.url);
      const submitted = rejection(fleet.submit(add, [1, 2]));
      await until(async () => (await fleet.counts()).waiting === 1);
      await own.kill();
      await until(async () => !(await isAnswered(fleet.counts())));
      const detached = rejection(fleet.detach(add, [5, 6], { id: "d" }));
      const meanwhile = rejection(fleet.submit(add, [3, 4]));
      const errors = await Promise.all([submitted, meanwhile, detached]);
      await own.restart();

      for (const [index, error] of errors.entries()) {
        expect(error).toBeInstanceOf(FleetUnreachableError);
        const end = index === 0 ? "may or may not have run" : "was not sent";
        expect(String(error)).toMatch(new RegExp(`ECONNREFUSED.*, so the call of .* ${end}`));
      }
      // The server has the first call only if it had written it before it died.
      await until(() => isAnswered(fleet.counts()));
      await delay(300);
      expect((await fleet.counts()).waiting).toBeLessThanOrEqual(1);
    },
  );
});

test.concurrent(
  "a client that dies has its calls cancelled within its lease, except detached ones",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    const engine = bullEngine({ connection: redis.url, lease: LEASE, clientLease: 1_500 });
    const worker = await startWorker({
      engine,
      queue: place.queue,
      tasks: [tasks],
      concurrency: 8,
    });
    place.atEnd(() => worker.close());
    const program = join(scratch, "client.mjs");
    writeFileSync(
      program,
      `import { bullEngine, FleetExecutor } from "mysyncio/fleet";
    import { sleepFor, trace } from "../tasks.js";
    const engine = bullEngine({ connection: ${JSON.stringify(redis.url)}, clientLease: 1_500 });
    const fleet = new FleetExecutor({ engine, queue: ${JSON.stringify(place.queue)} });
    fleet.submit(trace, [${JSON.stringify(place.file)}, "attached", 600_000]);
    await fleet.detach(trace, [${JSON.stringify(place.file)}, "detached", 4_000], { id: "goes on" });
    console.log("submitted");`,
    );
    const client = spawn(process.execPath, [program], {
      cwd: join(import.meta.dirname, "packages"),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await Promise.all([begun(place, "attached"), begun(place, "detached")]);
    client.kill("SIGKILL");

    await until(() => traces(place).includes("cancelled attached"));
    expect(await newFleet(place).attach("goes on")).toBe("detached");
    expect(traces(place)).not.toContain("cancelled detached");
  },
);

test.concurrent(
  "a worker that gets SIGTERM accepts no more calls, finishes those in progress, cancels the rest after --drain, and puts calls that have attempts left back into the queue",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    const patient = await newWorker(place);
    const fleet = newFleet(place);
    const finishing = fleet.submit(trace, [place.file, "finishing", 700]);
    await begun(place, "finishing");
    patient.process.kill("SIGTERM");
    await delay(100);
    const later = fleet.submit(double, [4]);
    expect(await finishing).toBe("finishing");
    expect(await patient.exited).toBe(0);

    const hasty = await newWorker(place, ["--concurrency", "4", "--drain", "100"]);
    expect(await later).toBe(8);
    const once = rejection(fleet.submit(trace, [place.file, "once", 600_000]));
    const twice = fleet.with({ attempts: 2 }).submit(traceOnce, [place.file, "twice"]);
    await Promise.all([begun(place, "once"), begun(place, "twice")]);
    expect(await hasty.kill("SIGTERM")).toBe(0);
    await newWorker(place);

    expect(await once).toBeInstanceOf(RemoteLostError);
    expect(String(await once)).toContain("The worker was shut down");
    expect(await twice).toBe("twice begun again");
    expect(beginsOf(place, "once")).toBe(1);
  },
);

test.concurrent(
  "a worker that gets SIGTERM exits even if a function on its main loop ignores the cancellation",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    const worker = await newWorker(place, ["--concurrency", "1", "--drain", "0"]);
    const fleet = newFleet(place);
    const call = rejection(fleet.with({ grace: 100 }).submit(tasks.later, [600_000, "never"]));
    await until(() => fleet.calls()[0]?.state === "running");

    expect(await worker.kill("SIGTERM")).toBe(0);
    expect(await call).toBeInstanceOf(RemoteLostError);
  },
);

test.concurrent(
  "a function in a thread sees the context variables exported by another module of the worker",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    const [variables, users] = ["Variables", "Users"].map((name) => `${place.file}${name}.mjs`) as [
      string,
      string,
    ];
    writeFileSync(
      variables,
      `import { ContextVar } from "mysyncio";
      import { defineTask } from "mysyncio/fleet";
      export const tenant = new ContextVar("tenant");
      export const unused = defineTask(import.meta.url, "unused", () => undefined);`,
    );
    writeFileSync(
      users,
      `import { defineTask } from "mysyncio/fleet";
      import { tenant } from ${JSON.stringify(pathToFileURL(variables).href)};
      export const who = defineTask(import.meta.url, "who", () => tenant.get("none"));`,
    );
    const worker = await WorkerProcess.start([
      ...[users, variables, "--connection", redis.url, "--queue", place.queue, "--threads", "1"],
    ]);
    place.atEnd(() => worker.kill());
    const who = defineTask(pathToFileURL(users).href, "who", (): unknown => undefined);
    const aware = newFleet(place, { context: [tasks.tenant as never] });

    // The thread loads the module of the function first without the variables.
    expect(await newFleet(place).submit(who, [])).toBe("none");
    const seen = await copyContext().run(() => {
      tasks.tenant.set("acme");
      return aware.submit(who, []);
    });
    expect(seen).toBe("acme");
  },
);

test.concurrent(
  "a call with an existing id joins that call, or gets its kept outcome, even from another client",
  PATIENCE,
  async (context) => {
    const place = newPlace(context);
    await newWorker(place);
    const [one, two] = [newFleet(place), newFleet(place)];
    const calls = [one, two, one].map((fleet) =>
      fleet.with({ id: "photo:7" }).submit(trace, [place.file, "same", 300]),
    );

    expect(await Promise.all(calls)).toEqual(["same", "same", "same"]);
    expect(await two.with({ id: "photo:7" }).submit(trace, [place.file, "same", 300])).toBe("same");
    expect(await newFleet(place).attach("photo:7")).toBe("same");
    expect(beginsOf(place, "same")).toBe(1);
  },
);

describe.concurrent("a server", () => {
  test.concurrent(
    "without free memory rejects calls, and loses none of the existing ones",
    PATIENCE,
    async (context) => {
      const full = await RedisServer.start([
        "--maxmemory",
        "6mb",
        "--maxmemory-policy",
        "noeviction",
      ]);
      context.onTestFinished(() => full.end());
      const place = newPlace(context);
      const fleet = newFleet(place, {}, full.url);
      const photo = "x".repeat(200_000);
      const calls = Array.from({ length: 60 }, () => rejection(fleet.submit(tasks.echo, [photo])));
      await until(() => fleet.stats().settled > 0);
      const refused = fleet.stats().settled;
      await full.ask("CONFIG SET maxmemory 0");
      await newWorker(place, ["--threads", "1"], full.url);
      const outcomes = await Promise.all(calls);
      const errors = outcomes.filter((outcome) => outcome instanceof Error);

      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(60);
      expect(errors).toHaveLength(refused);
      for (const error of errors) expect(String(error.cause)).toContain("OOM");
      expect(outcomes.filter((outcome) => !(outcome instanceof Error))).toEqual(
        Array(60 - refused).fill({ value: photo }),
      );
    },
  );

  test.concurrent("that requires another password makes calls fail", PATIENCE, async (context) => {
    const locked = await RedisServer.start(["--requirepass", "secret"]);
    context.onTestFinished(() => locked.end());
    const place = newPlace(context);
    const wrong = locked.url.replace("//", "//:wrong@");
    const right = locked.url.replace("//", "//:secret@");
    const fleet = newFleet(place, { unreachable: 2_000 }, wrong);

    expect(await rejection(fleet.submit(double, [1]))).toBeInstanceOf(FleetError);
    await newWorker(place, [], right);
    expect(await newFleet(place, {}, right).submit(double, [2])).toBe(4);
  });

  test.concurrent(
    "that drops connections, or freezes for a while, loses no call",
    PATIENCE,
    async (context) => {
      const own = await RedisServer.start();
      context.onTestFinished(() => own.end());
      const place = newPlace(context);
      await newWorker(place, [], own.url);
      const fleet = newFleet(place, {}, own.url);
      const view = fleet.with({ attempts: 5 });
      const results: Promise<unknown>[] = [];
      for (let round = 0; round < 20; round++) {
        for (let n = 0; n < 10; n++) results.push(view.submit(double, [n]));
        if (round % 5 === 2) await own.ask("CLIENT KILL TYPE normal");
        if (round % 5 === 4) await own.ask("CLIENT KILL TYPE pubsub");
        if (round === 10) {
          own.signal("SIGSTOP");
          await delay(1_000);
          own.signal("SIGCONT");
        }
        await delay(20);
      }

      expect(await Promise.all(results)).toEqual(results.map((_, i) => 2 * (i % 10)));
      expect(fleet.stats()).toMatchObject({ lost: 0, pending: 0 });
    },
  );
});

describe.concurrent("a cancellation on a fleet", () => {
  test.concurrent(
    "ends a coroutine, an async function and a computing function, and, after the grace period, one that ignores it",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      await newWorker(place, ["--threads", "3", "--concurrency", "8"]);
      const fleet = newFleet(place).with({ attempts: 3, grace: 500 });
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [
        fleet.submit(sleepFor, [600_000, 1], { signal }),
        fleet.submit(tasks.untilAborted, [], { signal }),
        fleet.submit(tasks.spinUntilAborted, [], { signal }),
        fleet.submit(tasks.spinForEver, [], { signal }),
      ].map(rejection);
      const counts = newFleet(place);
      await until(async () => (await counts.counts()).running === 4);
      await delay(300);
      controller.abort("enough");

      for (const error of await Promise.all(calls)) {
        expect(error).toBeInstanceOf(CancelledError);
        expect((error as Error).cause).toBe("enough");
      }
      // A cancelled call does not start again, and the thread of the one that ignored it was
      // replaced.
      await until(async () => (await counts.counts()).running === 0);
      expect(await counts.counts()).toEqual({ waiting: 0, delayed: 0, running: 0 });
      expect(await fleet.submit(tasks.spin, [1])).toBe(true);
    },
  );
});

describe.concurrent("a worker", () => {
  test.concurrent(
    "that npx or npm has started ends as after SIGTERM when npx or npm ends",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      const command = join(import.meta.dirname, "..", "..", "dist", "mysyncio.js");
      const args = [command, "worker", join(built, "tasks.js"), "--connection", redis.url];
      const flags = ["--queue", place.queue, "--concurrency", "4"];
      const line = [process.execPath, ...args, ...flags].map((word) => `'${word}'`).join(" ");
      // Like npx, this shell does not pass signals on.
      const shell = spawn("sh", ["-c", `${line}; exit`], {
        cwd: join(import.meta.dirname, "packages"),
        env: { ...process.env, npm_command: "exec" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const started = await new Promise<string>((resolve) =>
        shell.stdout.once("data", (data) => resolve(String(data))),
      );
      const pid = Number(/\.(\d+)\.\w+ runs/.exec(started)?.[1]);
      const fleet = newFleet(place);
      const call = fleet.submit(trace, [place.file, "finishing", 1_500]);
      await begun(place, "finishing");
      shell.kill("SIGKILL");

      expect(await call).toBe("finishing");
      await until(() => !isAlive(pid));
    },
  );

  test.concurrent(
    "survives anything that other programs write into the queue",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      await newWorker(place);
      const fleet = newFleet(place);
      const whole = {
        ...{
          client: "c1",
          args: "[[]]",
          attempts: 1,
          keep: 0,
          submitted: Date.now(),
          grace: 1_000,
        },
        backoff: { delay: 0, factor: 1, jitter: 0 },
      };
      const hostile: [name: string, data: unknown][] = [
        ["tasks#add", null],
        ["tasks#add", "text"],
        ["tasks#add", { ...whole, args: "[[1" }],
        ["tasks#add", { ...whole, args: '[{"__proto__":1},"polluted"]' }],
        ["tasks#add", { ...whole, args: '[["Function",1],"process.exit()"]' }],
        ["tasks#add", { ...whole, attempts: "many" }],
        ["tasks#add", { ...whole, context: "{" }],
        ["data:text/javascript,process.exit()#default", whole],
        ["constructor", whole],
        ["__proto__", whole],
        ["tasks#add", { ...whole, backoff: null, retriesErrors: true, attempts: 9 }],
      ];
      const { Queue } = await import("node:module").then(({ createRequire }) =>
        createRequire(join(import.meta.dirname, "packages", "package.json"))("bullmq"),
      );
      const queue = new Queue(place.queue, {
        connection: { url: redis.url, port: redis.port },
        prefix: "{mysyncio}",
      });
      place.atEnd(() => queue.close());
      await queue.addBulk(
        hostile.map(([name, data], i) => ({ name, data, opts: { jobId: `hostile${i}` } })),
      );

      expect(await fleet.submit(double, [21])).toBe(42);
      await until(async () => (await fleet.counts()).waiting === 0);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      expect(await fleet.submit(add, [1, 2])).toBe(3);
    },
  );

  test.concurrent(
    "keeps its lease while a thread computes for longer than the lease",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      await newWorker(place, ["--threads", "1", "--lease", "1000"]);
      const fleet = newFleet(place);

      expect(await fleet.submit(tasks.spin, [2_500])).toBe(true);
      expect(fleet.stats()).toMatchObject({ lost: 0, resent: 0 });
    },
  );

  test.concurrent(
    "fails a call whose thread dies, or runs it again if attempts are left",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      await newWorker(place, ["--threads", "1"]);
      const fleet = newFleet(place);

      expect(await rejection(fleet.submit(tasks.exit, []))).toBeInstanceOf(RemoteLostError);
      expect(await rejection(fleet.with({ attempts: 2 }).submit(tasks.exit, []))).toBeInstanceOf(
        RemoteLostError,
      );
      expect(await fleet.submit(add, [1, 2])).toBe(3);
    },
  );

  test.concurrent(
    "passes progress, context and errors from its threads as from its own loop",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      await newWorker(place, ["--threads", "1"]);
      const fleet = newFleet(place, { context: [tasks.tenant as never] });
      const heard: unknown[] = [];
      const view = fleet.with({ onProgress: (value) => heard.push(value) });
      tasks.tenant.set("acme");
      await view.submit(tasks.progressInThread, [5]);

      expect(heard.at(-1)).toEqual({ step: 5 });
      expect(await fleet.submit(tasks.tenantOf, [])).toBe("acme");
      expect(await fleet.submit(tasks.tenantOfAsync, [])).toBe("acme");
      expect(await rejection(fleet.submit(tasks.fail, ["no"]))).toMatchObject({
        name: "BadPhotoError",
        code: "E_PHOTO",
        cause: expect.any(RangeError),
      });
    },
  );

  test.concurrent(
    "of an older version fails no call whose task only a busy newer worker has",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      const engine = bullEngine({ connection: redis.url, lease: LEASE });
      const start = (known: object, concurrency: number) =>
        startWorker({ engine, queue: place.queue, tasks: [known], concurrency, patience: 500 });
      for (const [known, concurrency] of [
        [double, 2],
        [double, 2],
        [sleepFor, 1],
      ] as const) {
        const worker = await start(known, concurrency);
        place.atEnd(() => worker.close());
      }
      const fleet = newFleet(place);
      const calls = Array.from({ length: 8 }, (_, n) => fleet.submit(sleepFor, [250, n]));

      expect(await Promise.all(calls)).toEqual(calls.map((_, n) => n));
      expect(await fleet.submit(double, [2])).toBe(4);
    },
  );

  test.concurrent(
    "of an older version leaves calls of unknown tasks to workers that have the tasks",
    PATIENCE,
    async (context) => {
      const place = newPlace(context);
      const module = join(built, "old.mjs");
      writeFileSync(
        module,
        `import { defineTask } from "mysyncio/node";
      export const f = defineTask("file:///x/tasks.js", "add", (a, b) => "old " + (a + b), { id: "add@1" });`,
      );
      const old = await WorkerProcess.start([
        ...[module, "--connection", redis.url, "--queue", place.queue, "--threads", "1"],
      ]);
      place.atEnd(() => old.kill());
      const fleet = newFleet(place);
      const call = fleet.submit(add, [1, 2]);
      await delay(300);
      await newWorker(place, ["--threads", "1"]);

      expect(await call).toBe(3);
    },
  );
});
