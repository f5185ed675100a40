import rule from "../rules/noGeneratorCallback.js";
import { javascript, testRule, typed, typescript } from "./support.js";

const HEAD = `import { AsyncLocalStorage } from "node:async_hooks"; import { coroutine, createTask, gather, mapConcurrent, run, sleep, toAsync } from "mysyncio"; const load = coroutine(function* (x) { yield* sleep(x); });`;
const wrong = (/** @type {string} */ code, messageId = "callback") => ({
  code: `${HEAD} ${code}`,
  errors: [{ messageId }],
});
const right = (/** @type {string} */ code) => `${HEAD} ${code}`;

testRule(javascript, "no-generator-callback", rule, {
  valid: [
    right("items.forEach((item) => createTask(load(item)));"),
    right("items.forEach((item) => { createTask(load(item)); });"),
    right("items.forEach(console.log);"),
    right("run(function* () { yield* gather(items.map(load)); });"),
    right("run(function* () { yield* gather(items.map((item) => load(item))); });"),
    right("run(function* () { yield* gather([...items.map(load)]); });"),
    right("run(function* () { const all = items.map(load); yield* gather(all); });"),
    right(
      "run(function* () { const all = items.map(load); for (const each of all) yield* each; });",
    ),
    right(
      "run(function* () { const all = items.filter(Boolean).map(load); yield* gather(all.slice(1)); });",
    ),
    right("run(function* () { for (const each of items.map(load)) yield* each; });"),
    right("const loadAll = () => items.map(load);"),
    // Left to no-await-coroutine.
    right("await Promise.all(items.map(load));"),
    right("run(function* () { yield* mapConcurrent(items, load); });"),
    right(
      "run(function* () { yield* mapConcurrent(items, function* (item) { yield* load(item); }); });",
    ),
    right("items.map((item) => createTask(load(item)));"),
    right("setTimeout(toAsync(load), 10);"),
    right("setTimeout(() => run(load(1)), 10);"),
    right("setTimeout(() => { load; }, 10);"),
    right("button.addEventListener('click', toAsync(load));"),
    right("button.onclick = toAsync(load);"),
    right("button.label = function* () {};"),
    right("new Promise((resolve) => resolve(1));"),
    right("tracer.startActiveSpan('load', (span) => run(load(1)));"),
    right("tracer.startActiveSpan('load', async (span) => { await run(load(1)); });"),
    right("run(function* () { yield* sleep(1); });"),
    right("loop.createTask(function* () { yield* sleep(1); });"),
    right("test('loads', () => run(load));"),
    right("lock.with(function* () { yield* sleep(1); });"),
    right("runner.run(load(1), {});"),
    `import { forEach } from "mysyncio"; forEach(source, function* (item) {});`,
    `import { retry } from "mysyncio"; retry(function* (attempt) {}, {});`,
    `import { test } from "./harness.js"; test("loads", function* () {});`,
    `import * as aio from "mysyncio"; aio.forEach(source, function* (item) {});`,
    `items.forEach((item) => item.next());`,
    `items.forEach(async function* () {});`,
    `const handlers = { *click() {} };`,
    `[3, 1].sort((a, b) => a - b);`,
    `pipeline(source, async function* (source) {});`,
    `Array.from(function* () { yield 1; }());`,
  ],
  invalid: [
    wrong("items.forEach(load);", "array"),
    wrong("items.forEach(function* (item) { yield* load(item); });", "array"),
    wrong("items.forEach((item) => load(item));", "array"),
    wrong("items.forEach((item) => { return load(item); });", "array"),
    wrong("items?.forEach(load);", "array"),
    wrong("items.filter(load);", "array"),
    wrong("if (items.some(load)) log();", "array"),
    wrong("items.reduce(function* (sum, item) { yield* load(item); }, 0);", "array"),
    wrong("items.sort(function* (a, b) { return 0; });", "array"),
    wrong("items.map(load);", "array"),
    wrong("items.map(function* (item) { yield* load(item); });", "array"),
    wrong("items.map((item) => load(item));", "array"),
    wrong("const all = items.map(load); log;", "array"),
    wrong(
      "const all = items.map(function* () { yield* load(1); }); await Promise.all(all);",
      "array",
    ),
    wrong("run(function* () { yield* items.map(load); });", "array"),
    wrong("items.flatMap(load).length;", "array"),
    wrong("setTimeout(load, 10);"),
    wrong("setTimeout(() => load(1), 10);"),
    wrong("setInterval(function* () { yield* load(1); }, 10);"),
    wrong("window.setTimeout(load, 10);"),
    wrong("queueMicrotask(load);"),
    wrong("process.nextTick(load);"),
    wrong("requestAnimationFrame(load);"),
    wrong("useEffect(function* () { yield* load(1); }, []);"),
    wrong("button.addEventListener('click', load);"),
    wrong("button.addEventListener('click', load.bind(1));"),
    wrong("button.addEventListener('click', function* () {});"),
    wrong("button.addEventListener('click', () => load(1), { once: true });"),
    wrong("server.on('request', load);"),
    wrong("server.once('request', function* (request) { yield; });"),
    wrong("button.onclick = load;", "listener"),
    wrong("window.onload = function* () {};", "listener"),
    wrong("const x = <button onClick={load} />;", "listener"),
    wrong("new Promise(function* (resolve) { yield* load(1); resolve(); });", "executor"),
    wrong("new Promise(load);", "executor"),
    wrong("new MutationObserver(load);"),
    wrong("fetch('a').then(load);"),
    wrong("fetch('a').then(log, load);"),
    wrong("fetch('a').finally(function* () {});"),
    wrong("loop.callSoon(load);"),
    wrong("loop.callLater(10, load, 1);"),
    wrong("task.addDoneCallback(load);"),
    wrong("tracer.startActiveSpan('load', function* (span) { yield* load(1); });", "scope"),
    wrong("tracer.startActiveSpan('load', {}, load);", "scope"),
    wrong(
      "run(function* () { yield* tracer.startActiveSpan('load', {}, context, function* (span) { yield* load(1); }); });",
      "scope",
    ),
    wrong("run(function* () { yield* tracer.startActiveSpan('load', () => load(1)); });", "scope"),
    wrong("Sentry.startSpan({ name: 'load' }, function* () { yield* load(1); });", "scope"),
    wrong("Sentry.withScope(function* () {});", "scope"),
    wrong("context.with(trace.setSpan(active, span), load);", "scope"),
    wrong("const storage = new AsyncLocalStorage(); storage.run(1, load);", "scope"),
    wrong("test('loads', load);", "test"),
    wrong("it('loads', function* () {});", "test"),
    {
      code: `import { test } from "vitest"; test("loads", function* () {});`,
      errors: [{ messageId: "test" }],
    },
    {
      code: `import { it } from "node:test"; it("loads", function* () {});`,
      errors: [{ messageId: "test" }],
    },
    {
      code: right("onIdle(load);"),
      options: [{ callees: ["onIdle"] }],
      errors: [{ messageId: "callback" }],
    },
    wrong("class A { *get() { yield* load(1); } start() { setTimeout(this.get, 1); } }"),
    wrong("const api = { *get() { yield* load(1); } }; setTimeout(api.get, 1);"),
  ],
});

testRule(typescript, "no-generator-callback (TypeScript)", rule, {
  valid: [
    right("(items as string[]).forEach((item: string): void => { createTask(load(item)); });"),
  ],
  invalid: [
    wrong("(items as string[]).forEach(load as never);", "array"),
    wrong("items!.forEach(function* (item: string) { yield* load(item); });", "array"),
    wrong("tracer.startActiveSpan<Handler>('load', function* (span: Span) {} as never);", "scope"),
  ],
});

testRule(typed, "no-generator-callback (types)", rule, {
  valid: [
    `import { load } from "./other.ts"; import { gather, run } from "mysyncio"; await run(function* () { return yield* gather(["a"].map(load)); });`,
    `import { load } from "./other.ts"; declare function all<T>(items: string[], fn: (item: string) => T): T[]; all(["a"], load);`,
    `import { load } from "./other.ts"; import type { Coroutine } from "mysyncio"; declare function each(fn: (item: string) => Coroutine<string>): void; each(load);`,
    `import { load } from "./other.ts"; declare function each(fn: (item: string) => unknown): void; each(load);`,
    `import { load } from "./other.ts"; import { taskGroup, run } from "mysyncio"; await run(function* () { yield* taskGroup(function* (group) { group.createTask(load("a")); group.createTask(() => load("b")); }); });`,
    `import { each } from "./other.ts"; each([1], (n) => { console.log(n); });`,
  ],
  invalid: [
    {
      code: `import { load } from "./other.ts"; ["a"].forEach(load);`,
      errors: [{ messageId: "array" }],
    },
    {
      code: `import { each, load } from "./other.ts"; each(["a"], load);`,
      errors: [{ messageId: "callback" }],
    },
    {
      code: `import { each } from "./other.ts"; each(["a"], function* (a) { console.log(a); });`,
      errors: [{ messageId: "callback" }],
    },
    {
      code: `import { each, Client } from "./other.ts"; const client = new Client(); each(["a"], (a) => client.get(a));`,
      errors: [{ messageId: "callback" }],
    },
    {
      code: `import { Client } from "./other.ts"; document.addEventListener("click", () => new Client().get("a"));`,
      errors: [{ messageId: "callback" }],
    },
    {
      code: `import { load } from "./other.ts"; declare function every(fn: (x: string) => void | Promise<void>): void; every(load as never as (x: string) => ReturnType<typeof load>);`,
      errors: [{ messageId: "callback" }],
    },
    {
      code: `import { load } from "./other.ts"; export class A { run(on: (event: string, listener: (x: string) => void) => void) { on("a", load); } }`,
      errors: [{ messageId: "callback" }],
    },
  ],
});
