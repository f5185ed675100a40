import rule from "../rules/requireYieldStar.js";
import { javascript, testRule, typed } from "./support.js";

/** The first bare `yield` gets its star. */
const wrong = (/** @type {string} */ code) => ({
  code,
  output: code.replace(/yield (?=[^\s])/, "yield* "),
  errors: [{ messageId: "star" }],
});
const IN = (/** @type {string} */ body, names = "") =>
  `import { createTask, gather, run, sleep${names} } from "mysyncio"; run(function* () { ${body} });`;

testRule(javascript, "require-yield-star", rule, {
  valid: [
    IN("yield;"),
    IN("yield* sleep(1);"),
    IN("const task = createTask(sleep(1)); yield* task;"),
    IN("yield* gather([sleep(1)]);"),
    // A list of coroutines, lazily made.
    `import { gather, sleep } from "mysyncio"; function* jobs() { for (const n of [1, 2]) yield createTask(n); } gather(jobs());`,
    `import { createTask, gather, sleep } from "mysyncio"; function* jobs() { yield createTask(sleep(1)); yield createTask(sleep(2)); } gather(jobs());`,
    `function* saga() { yield fetch("a"); yield Promise.resolve(1); }`,
    `async function* g() { yield fetch("a"); }`,
    `import { sleep } from "mysyncio"; async function* g() { yield sleep(1); }`,
    `import { run, sleep } from "mysyncio"; run(function* () { function* inner() { yield 1; } yield* sleep(inner().next().value); });`,
    IN("yield* fromPromise(fetch('a'));", ", fromPromise"),
  ],
  invalid: [
    wrong(IN("yield sleep(1);")),
    wrong(IN("const x = yield sleep(1, 2);")),
    wrong(IN("return yield sleep(1);")),
    wrong(IN("yield createTask(sleep(1));")),
    wrong(IN("const task = createTask(sleep(1)); yield task;")),
    wrong(IN("const pause = sleep(1); yield pause;")),
    wrong(IN("yield gather([sleep(1)]);")),
    wrong(IN("yield (ready ? sleep(1) : sleep(2));")),
    wrong(`import { sleep } from "mysyncio"; function* f() { yield sleep(1); }`),
    wrong(
      `import { coroutine, sleep } from "mysyncio"; const f = coroutine(function* () { yield sleep(1); });`,
    ),
    wrong(`import * as aio from "mysyncio"; function* f() { yield aio.sleep(1); }`),
    wrong(
      `import { run, sleep } from "mysyncio"; function* g() { yield* sleep(1); } run(function* () { yield g(); });`,
    ),
    wrong(
      `import { Lock, run } from "mysyncio"; const lock = new Lock(); run(function* () { yield lock.acquire(); });`,
    ),
    wrong(
      `import { run } from "mysyncio"; run(function* () { const task = loop.createTask(f()); yield task; });`,
    ),
    wrong(
      `import { sleep, taskGroup } from "mysyncio"; function* f() { yield* taskGroup(function* (group) { yield group.createTask(sleep(1)); }); }`,
    ),
    wrong(`import { sleep } from "mysyncio"; class A { *f() { yield sleep(1); } }`),
    wrong(
      `import { sleep, waitFor } from "mysyncio"; function* f() { yield waitFor(sleep(1), 2); }`,
    ),
    wrong(`import { run, sleep } from "mysyncio"; function* main() { yield sleep(1); } run(main);`),
    wrong(
      `import { run, createTask } from "mysyncio"; function* main() { yield createTask(f()); } run(main());`,
    ),
    {
      code: IN("yield fetch('a');"),
      errors: [{ messageId: "promise" }],
    },
    {
      code: IN("const x = yield fetch('a');", ", fromPromise"),
      errors: [
        {
          messageId: "promise",
          suggestions: [
            {
              messageId: "wrap",
              output: IN("const x = yield* fromPromise(fetch('a'));", ", fromPromise"),
            },
          ],
        },
      ],
    },
    { code: IN("yield* fetch('a');"), errors: [{ messageId: "starPromise" }] },
    {
      code: `import { run } from "mysyncio"; async function load() {} run(function* () { yield load(); });`,
      errors: [{ messageId: "promise" }],
    },
    {
      code: IN("yield Promise.all([fetch('a')]);"),
      errors: [{ messageId: "promise" }],
    },
  ],
});

testRule(typed, "require-yield-star (types)", rule, {
  valid: [
    `import type { Task } from "mysyncio"; export function* tasks(all: Task<void>[]): Generator<Task<void>> { for (const task of all) yield task; }`,
    `import { type Coroutine, sleep } from "mysyncio"; export function* jobs(): Generator<Coroutine<void>> { yield sleep(1); }`,
    `import { load } from "./other.ts"; import type { Coroutine } from "mysyncio"; export function* f(): Coroutine<string> { yield; return yield* load("a"); }`,
  ],
  invalid: [
    wrong(
      `import { load } from "./other.ts"; import type { Coroutine } from "mysyncio"; export function* f(): Coroutine<void> { yield load("a"); }`,
    ),
    wrong(
      `import { plain, type Job } from "./other.ts"; export function* f(): Job<void> { yield plain(1); }`,
    ),
    wrong(
      `import type { Coroutine, Task } from "mysyncio"; export function* f(task: Task<void>): Coroutine<void> { yield task; }`,
    ),
    wrong(
      `import type { Coroutine, Future } from "mysyncio"; export function* f<T extends Future<void>>(future: T): Coroutine<void> { yield future; }`,
    ),
    {
      code: `import type { Coroutine } from "mysyncio"; export function* f(load: () => Promise<void>): Coroutine<void> { yield load(); }`,
      errors: [{ messageId: "promise" }],
    },
    {
      code: `import type { Coroutine } from "mysyncio"; export function* f(load: PromiseLike<void> | undefined): Coroutine<void> { yield load; }`,
      errors: [{ messageId: "promise" }],
    },
  ],
});
