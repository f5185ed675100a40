// `mysyncio/otel` with the SDK of OpenTelemetry. One file, because all parts need the same SDK.

import { EventEmitter, once } from "node:events";
import { context, createContextKey, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  gather,
  getRunningLoop,
  Lock,
  newEventLoop,
  Queue,
  run,
  sleep,
  taskGroup,
  toAsync,
} from "../../src/index.ts";
import { metrics, TaskContextManager, withSpan } from "../../src/otel.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";

const exporter = new InMemorySpanExporter();
const manager = new TaskContextManager();
const KEY = createContextKey("a value");

beforeAll(() => {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  expect(trace.setGlobalTracerProvider(provider)).toBe(true);
  expect(context.setGlobalContextManager(manager)).toBe(true);
});
afterAll(() => {
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

/** Each span with the names of the spans that contain it, such as "main/load". */
function paths(): string[] {
  const spans = exporter.getFinishedSpans();
  const pathOf = (name: string, parentId: string | undefined): string => {
    const parent = spans.find((span) => span.spanContext().spanId === parentId);
    if (parentId !== undefined && parent === undefined) return `lost/${name}`;
    return parent === undefined
      ? name
      : `${pathOf(parent.name, parent.parentSpanContext?.spanId)}/${name}`;
  };
  return spans.map(({ name, parentSpanContext }) => pathOf(name, parentSpanContext?.spanId));
}

function valueHere(): unknown {
  return context.active().getValue(KEY);
}

describe("withSpan()", () => {
  test("makes its span the parent of spans in the coroutines it awaits and the tasks it creates", async () => {
    const result = await run(() =>
      withSpan("main", function* () {
        const child = createTask(() => withSpan("task", () => sleep(2)));
        getRunningLoop().callSoon(() => trace.getTracer("test").startSpan("callback").end());
        const value = yield* withSpan("inner", function* (span) {
          expect(trace.getActiveSpan()).toBe(span);
          yield* sleep(1);
          expect(trace.getActiveSpan()).toBe(span);
          return "value";
        });
        yield* child;
        return value;
      }),
    );

    expect(result).toBe("value");
    expect(paths().sort()).toEqual(["main", "main/callback", "main/inner", "main/task"]);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  test("gives each span its proper parent in any order of steps, even if tasks are cancelled", async () => {
    function* worker(lock: Lock, queue: Queue<number>, name: string): Coroutine<void> {
      yield* withSpan(name, function* () {
        yield* withSpan("locked", () => lock.with(() => sleep(1)));
        yield;
        yield* withSpan("tasks", () =>
          taskGroup(function* (group) {
            group.createTask(withSpan("put", () => queue.put(1)));
            group.createTask(withSpan("get", () => queue.get()));
          }),
        );
      });
    }
    await explore(
      function* () {
        exporter.reset();
        const lock = new Lock();
        const queue = new Queue<number>(1);
        try {
          yield* withSpan("main", function* () {
            yield* gather([worker(lock, queue, "a"), worker(lock, queue, "b")]);
          });
        } finally {
          // The parent of a task that still cleans up may end later.
          const found = paths().filter((path) => !path.startsWith("lost/"));
          for (const path of found) {
            expect(path).toMatch(/^main(\/[ab](\/(locked|tasks(\/(put|get))?))?)?$/);
          }
          expect(trace.getActiveSpan()).toBeUndefined();
        }
      },
      { runs: scale(40, 500), cancelPoints: true, leaks: false },
    );
  });

  test("creates the same ten spans in every order of steps", async () => {
    await explore(
      function* () {
        exporter.reset();
        const lock = new Lock();
        const worker = (name: string) =>
          withSpan(name, function* () {
            yield* withSpan("first", () => lock.with(() => sleep(1)));
            yield* gather([1, 2].map(() => withSpan("part", () => sleep(1))));
          });
        yield* withSpan("main", function* () {
          yield* gather([worker("a"), worker("b")]);
        });
        expect(paths().sort()).toEqual([
          "main",
          ...["a", "b"].flatMap((name) => [
            ...[`main/${name}`, `main/${name}/first`],
            ...[`main/${name}/part`, `main/${name}/part`],
          ]),
        ]);
      },
      { runs: scale(40, 500) },
    );
  });

  test("records an exception, but not a cancellation", async () => {
    const failed = run(() =>
      withSpan("fails", { attributes: { a: 1 } }, function* () {
        yield;
        throw new RangeError("too much");
      }),
    );
    await expect(failed).rejects.toThrow("too much");
    await run(function* () {
      const task = createTask(withSpan("cancelled", () => sleep(1_000)));
      yield;
      task.cancel();
      yield* gather([task], { returnExceptions: true });
    });
    const [fails, cancelled] = exporter.getFinishedSpans();

    expect(fails).toMatchObject({
      attributes: { a: 1 },
      status: { code: SpanStatusCode.ERROR, message: "too much" },
      events: [{ name: "exception", attributes: { "exception.type": "RangeError" } }],
    });
    expect(cancelled).toMatchObject({
      attributes: { "mysyncio.cancelled": true },
      status: { code: SpanStatusCode.UNSET },
      events: [],
    });
  });

  test("ends a span whose coroutine is closed outside its task", async () => {
    const steps = withSpan("closed", function* () {
      yield;
    });
    await run(function* () {
      steps.next();
      expect(trace.getActiveSpan()).toBeDefined();
    });
    steps.return(undefined);
    expect(paths()).toEqual(["closed"]);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  test("starts its span only when it is awaited, with the given tracer", async () => {
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const tracer = provider.getTracer("own", "1.0");
    await run(function* () {
      const span = withSpan("later", { tracer }, function* () {});
      expect(trace.getActiveSpan()).toBeUndefined();
      yield* span;
    });
    expect(exporter.getFinishedSpans()[0]?.instrumentationScope.name).toBe("own");
  });

  test("rejects invalid arguments", async () => {
    expect(() => withSpan(1 as never, function* () {})).toThrow("Expected `name` to be a string");
    expect(() => withSpan("a", undefined as never)).toThrow("Expected `fn` to be a function");
    expect(() => withSpan("a", 1 as never, function* () {})).toThrow("Expected `options` to be");
    await expect(run(withSpan("a", (() => 1) as never))).rejects.toThrow(
      "Expected `fn` to return a coroutine",
    );
  });
});

describe("TaskContextManager", () => {
  const inContext = context.active().setValue(KEY, "set");

  test("keeps the context of a call in tasks and callbacks that it creates", async () => {
    const seen: unknown[] = [];
    await run(function* () {
      const task = context.with(inContext, () => {
        getRunningLoop().callSoon(() => seen.push(valueHere()));
        return createTask(function* () {
          yield* sleep(1);
          seen.push(valueHere());
        });
      });
      seen.push(valueHere());
      yield* task;
      seen.push(valueHere());
    });
    expect(seen).toEqual([undefined, "set", "set", undefined]);
  });

  test("keeps the context in async functions, whether called outside loops or by a task", async () => {
    const later = async () => {
      const before = valueHere();
      await new Promise((resolve) => setTimeout(resolve, 1));
      return [before, valueHere()];
    };
    const outside = context.with(inContext, later);
    expect(valueHere()).toBeUndefined();
    const fromTask = run(function* () {
      const promise = context.with(inContext, later);
      yield* sleep(2);
      return promise;
    });
    const other = await later();

    expect([await outside, await fromTask, other]).toEqual([
      ["set", "set"],
      ["set", "set"],
      [undefined, undefined],
    ]);
  });

  test("gives the tasks of toAsync functions the context of their caller", async () => {
    const handle = toAsync(function* () {
      yield* sleep(1);
      return valueHere();
    });
    const calls = ["a", "b"].map((value) =>
      context.with(context.active().setValue(KEY, value), () => handle()),
    );
    expect(await Promise.all(calls)).toEqual(["a", "b"]);
    expect(await handle()).toBeUndefined();
  });

  test("binds functions to a context, and returns other values unchanged", () => {
    const bound = context.bind(inContext, function (this: unknown, a: number, b: number) {
      return [this, a, b, valueHere()];
    });
    expect(bound.call("self", 1, 2)).toEqual(["self", 1, 2, "set"]);
    expect(bound.length).toBe(2);
    expect([context.bind(inContext, null), context.bind(inContext, 7)]).toEqual([null, 7]);
    expect(context.with(ROOT_CONTEXT, bound.bind(undefined), undefined, 1, 2)[3]).toBe("set");
  });

  test("restores the context when a call throws", () => {
    const call = () =>
      context.with(inContext, () => {
        throw new Error("thrown");
      });
    expect(call).toThrow("thrown");
    expect(valueHere()).toBeUndefined();
  });

  test("binds an emitter's listeners to a context, and they can still be removed", async () => {
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    const listener = () => void seen.push(valueHere());
    emitter.on("event", listener);
    expect(context.bind(inContext, emitter)).toBe(emitter);
    for (const add of ["on", "addListener", "prependListener"] as const)
      emitter[add]("event", listener);
    for (const add of ["once", "prependOnceListener"] as const) emitter[add]("event", listener);
    emitter.emit("event");
    expect(seen.filter((value) => value === "set")).toHaveLength(5);
    expect(seen.filter((value) => value === undefined)).toHaveLength(1);
    expect(emitter.listenerCount("event")).toBe(4);
    for (let i = 0; i < 4; i++) emitter.off("event", listener);
    expect(emitter.listenerCount("event")).toBe(0);
    emitter.once("event", listener);
    emitter.off("event", listener);
    expect(emitter.emit("event")).toBe(false);

    const arrived = once(emitter, "event");
    emitter.emit("event", "argument");
    expect(await arrived).toEqual(["argument"]);
  });
});

describe("metrics()", () => {
  test("reports a loop's statistics each time they are read, until the function it returns is called", async () => {
    const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({
      exporter: metricExporter,
      exportIntervalMillis: 1e9,
    });
    const provider = new MeterProvider({ readers: [reader] });
    const loop = newEventLoop({ clock: new VirtualClock() });
    const collect = async () => {
      metricExporter.reset();
      await reader.forceFlush();
      const [{ scopeMetrics } = { scopeMetrics: [] }] = metricExporter.getMetrics();
      const points = scopeMetrics.flatMap((scope) => scope.metrics);
      return new Map(points.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
    };
    const stop = metrics(provider.getMeter("test"), { loop, attributes: { loop: "main" } });
    loop.createTask(sleep(1e6));
    loop.runUntilCompleteSync(() => gather([sleep(1), sleep(2)]));
    const first = await collect();
    loop.runUntilCompleteSync(() => sleep(1));
    const second = await collect();
    stop();
    loop.runUntilCompleteSync(() => sleep(1));
    const third = await collect();
    loop.close();
    await provider.shutdown();

    expect([...first.keys()].filter((name) => !/lag|utilization/.test(name)).sort()).toEqual([
      ...["mysyncio.loop.busy", "mysyncio.loop.callbacks", "mysyncio.loop.steps"],
      ...["mysyncio.loop.turns", "mysyncio.tasks.active", "mysyncio.tasks.ended"],
      "mysyncio.tasks.started",
    ]);
    expect(first.get("mysyncio.tasks.active")).toMatchObject([
      { value: 1, attributes: { loop: "main" } },
    ]);
    expect(first.get("mysyncio.tasks.started")).toMatchObject([{ value: 4 }]);
    expect(second.get("mysyncio.tasks.started")).toMatchObject([{ value: 5 }]);
    // The SDK repeats the last value of a counter that has ended.
    expect(third.get("mysyncio.tasks.started")).toMatchObject([{ value: 5 }]);
  });

  test("throws for an invalid meter, an invalid loop, and without any loop", () => {
    const meter = new MeterProvider().getMeter("test");
    expect(() => metrics({} as never)).toThrow("Expected `meter` to be a meter of OpenTelemetry");
    expect(() => metrics(meter)).toThrow("metrics() needs an event loop");
    expect(() => metrics(meter, { loop: 1 as never })).toThrow("Expected `loop` to be");
  });
});
