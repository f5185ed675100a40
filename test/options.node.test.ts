// `undefined` is the same as "left out" for each parameter and each option of each public function.
//
// The declarations define what may be left out. The table calls each function, and must contain all
// of them.
//
// One file, because the table is checked as a whole.

import { mkdtempSync } from "node:fs";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { threadModule } from "../src/executors/node/threadExecutor.ts";
import * as api from "../src/node.ts";
import { checkDeterminism, explore, external, io, replay, VirtualClock } from "../src/testing.ts";
import { type Optional, optionalParameters } from "./support/optional.ts";
import { provideWebSocket } from "./support/webSocketClient.ts";

const { run, sleep, createTask, getRunningLoop, newEventLoop, PIPE } = api;

/** Calls a function with `rest` in place of its optional arguments, and returns the outcome. */
// biome-ignore lint/suspicious/noExplicitAny: the table calls functions of all kinds.
type Rest = any[];
type Call = (...rest: Rest) => unknown;

/** The outcome of a call on a loop. */
const onLoop = (body: (...rest: Rest) => api.Coroutine<unknown>): Call => {
  return (...rest) => run(() => body(...rest));
};

const describeTask = (task: api.Task<unknown>) => [
  task.getName().replace(/\d+/, "N"),
  Object.is(task.getContext(), undefined),
];

const makeError =
  (Class: new (...rest: Rest) => Error): Call =>
  (...rest) => {
    const error = new Class(...rest);
    return [error.name, error.message, "cause" in error];
  };

/** Runs `body` with the port of a server that listens meanwhile. */
function* withServer<T>(body: (port: number) => api.Coroutine<T>): api.Coroutine<T> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((socket) => sockets.add(socket.on("error", () => {})));
  yield* api.fromPromise(new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
  try {
    return yield* body((server.address() as { port: number }).port);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** Whether a socket sends small writes at once. Node stores this under a symbol. */
function noDelay(writer: api.StreamWriter): unknown {
  const socket = writer.getExtraInfo("socket") as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(socket);
  return socket[symbols.find(({ description }) => description === "kSetNoDelay") as symbol];
}

const unixPath = () => join(mkdtempSync(join(tmpdir(), "mysyncio-")), "socket");

function* failing(): api.Coroutine<never> {
  throw new Error("failed");
}

function* datagram(send: (peer: api.DatagramEndpoint) => unknown): api.Coroutine<unknown> {
  const localAddress = { address: "127.0.0.1" };
  const server = yield* api.createDatagramEndpoint({ localAddress });
  const peer = yield* api.createDatagramEndpoint({ remoteAddress: server.address() });
  try {
    const sent = send(peer);
    if (api.isCoroutine(sent)) yield* sent as api.Coroutine<void>;
    return String((yield* server.receive()).data);
  } finally {
    server.close();
    peer.close();
  }
}

async function withPollable(body: (selector: api.Selector, port: MessagePort) => unknown) {
  const selector = new api.Selector();
  const { port1, port2 } = new MessageChannel();
  try {
    return await body(selector, port1);
  } finally {
    selector.close();
    port1.close();
    port2.close();
  }
}

function fromReader(read: (reader: api.StreamReader) => api.Coroutine<Uint8Array>) {
  return run(function* () {
    const child = yield* api.createSubprocessExec(process.execPath, ["-p", "1"], pipes);
    return String(yield* read(child.stdout as api.StreamReader));
  });
}

const echo = `process.stdin.pipe(process.stdout)`;
const pipes = { stdout: PIPE, stderr: PIPE };
const outputs = function* (process: api.Process): api.Coroutine<unknown> {
  const [out, err] = yield* process.communicate();
  return [process.returncode, String(out), String(err)];
};
const executed = onLoop(function* (args, options) {
  const child = yield* api.createSubprocessExec("true", args, options);
  return [typeof child.pid, yield* child.wait()];
});

function* twice(): api.Coroutine<void> {
  yield* sleep(1);
}

const quietly = (call: () => unknown): unknown => {
  const { error } = console;
  const lines: unknown[] = [];
  console.error = (...line) => lines.push(...line);
  try {
    call();
  } finally {
    console.error = error;
  }
  return lines.map(String).join("\n");
};

const loopOf = (loop: api.EventLoop) => {
  const found = [loop.getDebug(), loop.core, Math.abs(loop.time() - performance.now()) < 100];
  loop.close();
  return found;
};

const queueOf = (queue: api.Queue<number>) => [
  queue.maxsize,
  [3, 1, 2].map((item) => queue.putNowait(item)),
  [1, 2, 3].map(() => queue.getNowait()),
];

const taskUrl = { url: "data:text/javascript,export const add = (a, b) => a + b;", name: "add" };

const TABLE: Record<string, Call> = {
  captureCallGraph: onLoop(function* (...rest) {
    return (api.captureCallGraph(...rest) as api.FutureCallGraph).callStack.length;
  }),
  formatCallGraph: onLoop(function* (...rest) {
    return api.formatCallGraph(...rest).replace(/Task-\d+/g, "Task-N");
  }),
  printCallGraph: onLoop(function* (...rest) {
    return String(quietly(() => api.printCallGraph(...rest))).replace(/Task-\d+/g, "Task-N");
  }),
  formatTaskTree: onLoop(function* (...rest) {
    return api.formatTaskTree(...rest).replace(/Task-\d+/g, "Task-N");
  }),
  EventLoop: (...rest) => loopOf(new api.EventLoop(...rest)),
  newEventLoop: (...rest) => loopOf(newEventLoop(...rest)),
  "EventLoop.createTask": onLoop(function* (...rest) {
    const task = getRunningLoop().createTask(twice, ...rest);
    yield* task;
    return describeTask(task);
  }),
  CancelledError: makeError(api.CancelledError),
  InvalidStateError: makeError(api.InvalidStateError),
  LookupError: makeError(api.LookupError),
  RuntimeError: makeError(api.RuntimeError),
  TimeoutError: makeError(api.TimeoutError),
  BrokenBarrierError: makeError(api.BrokenBarrierError),
  QueueEmpty: makeError(api.QueueEmpty),
  QueueFull: makeError(api.QueueFull),
  QueueShutDown: makeError(api.QueueShutDown),
  RemoteLostError: makeError(api.RemoteLostError),
  WebSocketError: makeError(
    class extends api.WebSocketError {
      constructor(...rest: Rest) {
        super("it", ...rest);
      }
    },
  ),
  ExceptionGroup: (...rest) => {
    const group = new api.ExceptionGroup([new Error("it")], ...rest);
    return [group.message, group.errors.length];
  },
  run: (...rest) =>
    run(
      function* () {
        yield* sleep(1);
        return [getRunningLoop().getDebug(), process.listenerCount("SIGINT")];
      },
      ...rest,
    ),
  runSync: (...rest) =>
    api.runSync(
      function* () {
        yield* sleep(1);
        return getRunningLoop().getDebug();
      },
      ...rest,
    ),
  Runner: async (...rest) => {
    const runner = new api.Runner(...rest);
    const result = await runner.run(() => sleep(1, process.listenerCount("SIGINT")));
    await runner.close();
    return result;
  },
  "Runner.run": async (...rest) => {
    const runner = new api.Runner();
    const result = await runner.run(() => sleep(1, "done"), ...rest);
    await runner.close();
    return result;
  },
  Condition: onLoop(function* (...rest) {
    const condition = new api.Condition(...rest);
    yield* condition.acquire();
    return condition.locked();
  }),
  "Condition.notify": onLoop(function* (...rest) {
    const condition = new api.Condition();
    const woken: number[] = [];
    for (const id of [1, 2]) {
      createTask(function* () {
        yield* condition.acquire();
        yield* condition.wait();
        woken.push(id);
        condition.release();
      });
    }
    yield* sleep(1);
    yield* condition.acquire();
    condition.notify(...rest);
    condition.release();
    yield* sleep(1);
    return woken;
  }),
  Queue: (...rest) => queueOf(new api.Queue(...rest)),
  LifoQueue: (...rest) => queueOf(new api.LifoQueue(...rest)),
  PriorityQueue: (...rest) => queueOf(new api.PriorityQueue(...rest)),
  "Queue.shutdown": (...rest) => {
    const queue = new api.Queue<number>();
    queue.putNowait(1);
    queue.shutdown(...rest);
    return queue.qsize();
  },
  Semaphore: (...rest) => new api.Semaphore(...rest).locked(),
  BoundedSemaphore: (...rest) => new api.BoundedSemaphore(...rest).locked(),
  asCompleted: onLoop(function* (...rest) {
    const results: unknown[] = [];
    for (const next of api.asCompleted([sleep(2, "b"), sleep(1, "a")], ...rest)) {
      results.push(yield* next);
    }
    return results;
  }),
  allTasks: onLoop(function* (...rest) {
    return api.allTasks(...rest).size;
  }),
  currentTask: onLoop(function* (...rest) {
    return api.currentTask(...rest) !== undefined;
  }),
  createTask: onLoop(function* (...rest) {
    const task = createTask(twice, ...rest);
    yield* task;
    return describeTask(task);
  }),
  ensureFuture: onLoop(function* (...rest) {
    return yield* api.ensureFuture(sleep(1, "a"), ...rest);
  }),
  wrapFuture: onLoop(function* (...rest) {
    return yield* api.wrapFuture(Promise.resolve("a"), ...rest);
  }),
  coroutine: onLoop(function* () {
    return yield* api.coroutine(function* () {
      return yield* sleep(1, "a");
    })();
  }),
  "Future.cancel": onLoop(function* (...rest) {
    const future = getRunningLoop().createFuture();
    future.cancel(...rest);
    return yield* future as api.Future<unknown>;
  }),
  Future: onLoop(function* (...rest) {
    return new api.Future(...rest).getLoop() === getRunningLoop();
  }),
  "Future.addDoneCallback": onLoop(function* (...rest) {
    const future = getRunningLoop().createFuture<number>();
    const seen: unknown[] = [];
    future.addDoneCallback((done) => seen.push(done.result()), ...rest);
    future.setResult(1);
    yield* sleep(1);
    return seen;
  }),
  "Future.then": onLoop(function* (...rest) {
    return yield* api.fromPromise(createTask(() => sleep(1, "a")).then(...rest));
  }),
  "Future.catch": onLoop(function* (...rest) {
    return yield* api.fromPromise(createTask(() => sleep(1, "a")).catch(...rest));
  }),
  "Future.finally": onLoop(function* (...rest) {
    return yield* api.fromPromise(createTask(() => sleep(1, "a")).finally(...rest));
  }),
  gather: onLoop(function* (...rest) {
    return yield* api.gather([sleep(1, "a"), failing()], ...rest);
  }),
  mapConcurrent: onLoop(function* (...rest) {
    let most = 0;
    let running = 0;
    const body = function* (item: number): api.Coroutine<number> {
      most = Math.max(most, ++running);
      yield* sleep(1);
      running--;
      return item;
    };
    return [yield* api.mapConcurrent([1, 2, 3], body, ...rest), most];
  }),
  formatException: (...rest) => {
    const error = Object.assign(new Error("it"), { stack: "Error: it\n    at run (/app.js:1:2)" });
    return api.formatException(error, ...rest);
  },
  mapUnordered: onLoop(function* (...rest) {
    const results: number[] = [];
    const source = api.mapUnordered([40, 1], (delay) => sleep(delay, delay), ...rest);
    yield* api.forEach(source, function* (result) {
      results.push(result);
    });
    return results;
  }),
  events: onLoop(function* (...rest) {
    const target = new EventTarget();
    const items = api.iterate(api.events(target, "a", ...rest));
    for (let n = 0; n < 1_025; n++) target.dispatchEvent(new Event("a"));
    const results: unknown[] = [];
    for (let n = 0; n < 1_024; n++) results.push((yield* items.next()).done);
    try {
      results.push((yield* items.next()).done);
    } catch (error) {
      results.push((error as Error).name);
    }
    return results.at(-1);
  }),
  progress: onLoop(function* (...rest) {
    const { total, label, remaining } = api.progress(...rest);
    return [total, label, remaining];
  }),
  RateLimiter: onLoop(function* (options) {
    const limiter = new api.RateLimiter({ limit: 2, interval: 60_000, ...options });
    return [yield* limiter.acquire(2), yield* api.moveOnAfter(0, () => limiter.acquire())];
  }),
  "RateLimiter.acquire": onLoop(function* (...rest) {
    const limiter = new api.RateLimiter({ limit: 2, interval: 60_000 });
    yield* limiter.acquire(...rest);
    return yield* api.moveOnAfter(0, () => limiter.acquire());
  }),
  retry: onLoop(function* (...rest) {
    return yield* api.retry(
      function* (attempt) {
        if (attempt < 2) throw new Error("again");
        return attempt;
      },
      ...rest,
    );
  }),
  taskGroup: onLoop(function* (...rest) {
    try {
      return yield* api.taskGroup(failing, ...rest);
    } catch (error) {
      return (error as Error).name;
    }
  }),
  "Task.cancel": onLoop(function* (...rest) {
    const task = createTask(() => sleep(1_000));
    yield;
    task.cancel(...rest);
    return yield* task;
  }),
  "Task.getStack": onLoop(function* (...rest) {
    return api.currentTask()?.getStack(...rest).length;
  }),
  "Task.printStack": onLoop(function* (...rest) {
    const printed = quietly(() => api.currentTask()?.printStack(...rest));
    return String(printed).replace(/Task-\d+/g, "Task-N");
  }),
  "TaskGroup.createTask": onLoop(function* (...rest) {
    return yield* api.taskGroup(function* (group) {
      const task = group.createTask(twice, ...rest);
      yield* task;
      return describeTask(task);
    });
  }),
  toAsync: (...rest) => api.toAsync(() => sleep(1, "a"), ...rest)(),
  toPromise: onLoop(function* (...rest) {
    return yield* api.fromPromise(api.toPromise(sleep(1, "a"), ...rest));
  }),
  wait: onLoop(function* (...rest) {
    const { done, pending } = yield* api.wait([sleep(1), sleep(2)], ...rest);
    return [done.size, pending.size];
  }),
  waitEvent: onLoop(function* (...rest) {
    const target = new EventTarget();
    getRunningLoop().callLater(1, () => target.dispatchEvent(new Event("it")));
    return ((yield* api.waitEvent(target, "it", ...rest)) as Event).type;
  }),
  openConnection: onLoop(function* (options) {
    return yield* withServer(function* (port) {
      const [, writer] = yield* api.openConnection({ ...options, port });
      const found = [writer.getExtraInfo("peername"), noDelay(writer)];
      writer.abort();
      return String(found).replace(String(port), "port");
    });
  }),
  openUnixConnection: onLoop(function* (...rest) {
    const path = unixPath();
    const server = yield* api.startUnixServer(function* () {}, path);
    const [reader] = yield* api.openUnixConnection(path, ...rest);
    const data = yield* reader.read();
    server.close();
    return data.length;
  }),
  createDatagramEndpoint: onLoop(function* (...rest) {
    const endpoint = yield* api.createDatagramEndpoint(...rest);
    const found = [endpoint.address().address, endpoint.address().port > 0];
    endpoint.close();
    return found;
  }),
  "DatagramEndpoint.send": onLoop(function* (...rest) {
    return yield* datagram((peer) => peer.send("hello", ...rest));
  }),
  "DatagramEndpoint.sendNowait": onLoop(function* (...rest) {
    return yield* datagram((peer) => peer.sendNowait("hello", ...rest));
  }),
  getaddrinfo: onLoop(function* (...rest) {
    return yield* api.getaddrinfo("127.0.0.1", ...rest);
  }),
  "Process.communicate": onLoop(function* (...rest) {
    const child = yield* api.createSubprocessExec(process.execPath, ["-e", echo], {
      stdin: PIPE,
      ...pipes,
    });
    const [out] = yield* child.communicate(...rest);
    return String(out);
  }),
  "Selector.register": (...rest) =>
    withPollable((s, p) => s.register(p, api.EVENT_READ, ...rest).data),
  "Selector.modify": (...rest) =>
    withPollable((s, p) => {
      s.register(p, api.EVENT_READ);
      return s.modify(p, api.EVENT_WRITE, ...rest).data;
    }),
  "Selector.select": (...rest) =>
    withPollable(async (s, p) => {
      s.register(p, api.EVENT_READ);
      return (await s.select(...rest)).length;
    }),
  startServer: onLoop(function* (...rest) {
    const found: unknown[] = [];
    const handler = function* (_: unknown, writer: api.StreamWriter) {
      found.push(noDelay(writer));
    };
    const server = yield* api.startServer(handler, ...rest);
    const { address, port } = server.address() as { address: string; port: number };
    const [reader] = yield* api.openConnection({ port });
    found.push(address, port > 0, (yield* reader.read()).length);
    server.close();
    return found;
  }),
  startUnixServer: onLoop(function* (...rest) {
    const server = yield* api.startUnixServer(function* () {}, unixPath(), ...rest);
    const isServing = server.isServing();
    server.close();
    return isServing;
  }),
  createSubprocessExec: (...rest) =>
    Promise.all([executed(...rest), executed(undefined, ...rest.slice(1))]),
  createSubprocessShell: onLoop(function* (options) {
    const child = yield* api.createSubprocessShell("echo $0; pwd", { ...options, ...pipes });
    return yield* outputs(child);
  }),
  "StreamReader.read": (...rest) => fromReader((reader) => reader.read(...rest)),
  "StreamReader.readuntil": (...rest) => fromReader((reader) => reader.readuntil(...rest)),
  "StreamWriter.getExtraInfo": onLoop(function* (...rest) {
    return yield* withServer(function* (port) {
      const [, writer] = yield* api.openConnection({ host: "127.0.0.1", port });
      const found = writer.getExtraInfo("nothing", ...rest);
      writer.abort();
      return found;
    });
  }),
  openWebSocket: onLoop(function* (...rest) {
    const socket = yield* api.openWebSocket(`${inject("webSocketServer")}/echo`, ...rest);
    yield* socket.write("hello");
    const answer = yield* socket.read();
    socket.close();
    return [answer, socket.protocol];
  }),
  "WebSocketConnection.close": onLoop(function* (...rest) {
    const socket = yield* api.openWebSocket(`${inject("webSocketServer")}/echo`);
    socket.close(...rest);
    yield* socket.waitClosed();
    return "closed";
  }),
  defineTask: (...rest) => api.defineTask("file:///a.js", "f", (n: number) => n + 1, ...rest)(1),
  ThreadExecutor: (...rest) => new api.ThreadExecutor(...rest).shutdown(),
  "CallExecutor.submit": async (...rest) => {
    const executor = new api.ThreadExecutor({ maxThreads: 1 });
    try {
      return await executor.submit(taskUrl as never, [1, 2] as never, ...rest);
    } finally {
      await executor.shutdown();
    }
  },
  "CallExecutor.shutdown": (...rest) => new api.ThreadExecutor().shutdown(...rest),
  checkDeterminism: (...rest) => checkDeterminism(twice, ...rest),
  io: (...rest) => io("a", ...rest),
  external: (...rest) => external(async (value: string) => value, ...rest)("a"),
  explore: (...rest) => explore(() => api.gather([twice(), twice()]), ...rest),
  replay: async (...rest) => {
    const main = () => api.gather([failing()]);
    const error = await explore(main).catch((error: api.ScheduleError) => error);
    return replay(main, (error as api.ScheduleError).schedule, ...rest);
  },
  VirtualClock: (...rest) => new VirtualClock(...rest).now(),
};

const parameters = optionalParameters();

/**
 * The ways to pass `undefined`: for each parameter, for all of its options at once, and for each
 * option.
 */
function waysOf(all: readonly Optional[]): unknown[][] {
  const ways: unknown[][] = [];
  for (const [index, { isRequired, options }] of all.entries()) {
    const before = all.slice(0, index).map(() => undefined);
    if (!isRequired) ways.push([...before, undefined]);
    if (options.length === 0) continue;
    ways.push([...before, {}]);
    ways.push([...before, Object.fromEntries(options.map((option) => [option, undefined]))]);
  }
  return ways;
}

async function outcomeOf(call: () => unknown): Promise<[kind: string, outcome: unknown]> {
  try {
    return ["result", await call()];
  } catch (error) {
    return ["error", String(error)];
  }
}

/**
 * Parameters for which `undefined` is a value: a default, like Python's None, or a thrown value.
 */
const VALUES = [
  "ContextVar",
  "EventLoop.callExceptionHandler",
  "EventLoop.defaultExceptionHandler",
];
for (const name of VALUES) parameters.delete(name);

/** The functions whose calls in the table throw an error. */
const FAIL = ["Future.cancel", "Task.cancel", "gather", "replay"];

test("the table of calls contains exactly the public functions with an optional parameter", () => {
  expect(Object.keys(TABLE).sort()).toEqual([...parameters.keys()].sort());
});

test.each([...parameters.keys()])(
  "undefined is the same as an omitted argument for %s",
  async (name) => {
    await provideWebSocket();
    // Threads run the built package.
    threadModule.url = new URL("../dist/nodeThread.js", import.meta.url).href;
    const call = TABLE[name] as Call;
    const expected = await outcomeOf(call);
    expect(expected).toEqual([FAIL.includes(name) ? "error" : "result", expected[1]]);
    for (const way of waysOf(parameters.get(name) ?? [])) {
      expect(await outcomeOf(() => call(...way)), JSON.stringify(way)).toEqual(expected);
    }
  },
);

test.each([
  ["ab", [["a", "b"]]],
  ["ab", ["a", "b"]],
  ["a", ["a", undefined]],
  ["a", [["a"], undefined]],
  ["a", ["a", undefined, undefined]],
  ["", [undefined]],
  ["", [[], undefined]],
  ["", [undefined, undefined]],
])(
  "a subprocess receives the arguments %j if createSubprocessExec gets %j",
  async (expected, rest) => {
    // The exit code shows how many arguments `test` has received: none, one or two.
    const code = await run(function* () {
      const exec = api.createSubprocessExec as (...all: unknown[]) => api.Coroutine<api.Process>;
      return yield* (yield* exec("test", ...rest)).wait();
    });
    const codes = { "": 1, a: 0, ab: 2 } as Record<string, number>;
    expect(code).toBe(codes[expected]);
  },
);

test("options of a subprocess may follow omitted arguments", async () => {
  const [out] = await run(function* () {
    const child = yield* api.createSubprocessExec("pwd", undefined, { stdout: PIPE, cwd: "/" });
    return yield* child.communicate();
  });
  expect(new TextDecoder().decode(out)).toBe("/\n");
});

test.each([
  [["a", undefined, "b"], "args[1]"],
  [[undefined, "b"], "args[0]"],
  [[[undefined]], "args[0]"],
  [["a", null], "options"],
  [[[], 1], "args[0]"],
])("the error names the wrong arguments %j of a subprocess", (rest, name) => {
  const exec = api.createSubprocessExec as (...all: unknown[]) => unknown;
  expect(() => exec("true", ...rest)).toThrow(`Expected \`${name}\``);
});
