import rule from "../rules/noAwaitCoroutine.js";
import { javascript, testRule, typed } from "./support.js";

const wrong = (/** @type {string} */ code, messageId = "await") => ({
  code,
  errors: [{ messageId }],
});
const HEAD = `import { coroutine, sleep } from "mysyncio"; const f = coroutine(function* () { yield* sleep(1); });`;

testRule(javascript, "no-await-coroutine", rule, {
  valid: [
    `import { run, sleep } from "mysyncio"; await run(sleep(1));`,
    `import { run, sleep } from "mysyncio"; await run(function* () { yield* sleep(1); });`,
    `import { sleep, toPromise } from "mysyncio"; async function f() { await toPromise(sleep(1)); }`,
    `import { createTask, sleep } from "mysyncio"; async function f() { await createTask(sleep(1)); }`,
    `import { gather, sleep } from "mysyncio"; async function f() { await gather([sleep(1)]); }`,
    `import { toAsync } from "mysyncio"; const f = toAsync(function* () {}); await f();`,
    `import { sleep } from "timers"; await sleep(1);`,
    `async function f() { await Promise.all([fetch("a")]); }`,
    `import { toPromise } from "mysyncio"; ${HEAD} await Promise.all([1].map((n) => toPromise(f(n))));`.replace(
      "import { toPromise }",
      "import { toPromise }",
    ),
    `${HEAD} for (const step of f()) break;`,
    `async function* g() { yield 1; } for await (const x of g()) {}`,
    `function* numbers() { yield 1; } await numbers();`,
    `fetch("a").then(() => 1);`,
  ],
  invalid: [
    {
      code: `import { run, sleep } from "mysyncio"; async function f() { await sleep(1); }`,
      errors: [
        {
          messageId: "await",
          suggestions: [
            {
              messageId: "wrap",
              data: { name: "run" },
              output: `import { run, sleep } from "mysyncio"; async function f() { await run(sleep(1)); }`,
            },
          ],
        },
      ],
    },
    {
      code: `import { sleep, toPromise as p } from "mysyncio"; const f = async () => await sleep(1);`,
      errors: [
        {
          messageId: "await",
          suggestions: [
            {
              messageId: "wrap",
              data: { name: "toPromise" },
              output: `import { sleep, toPromise as p } from "mysyncio"; const f = async () => await p(sleep(1));`,
            },
          ],
        },
      ],
    },
    wrong(`${HEAD} await f();`),
    wrong(`${HEAD} const x = 1 + (await f());`),
    wrong(`${HEAD} const call = f(); await call;`),
    wrong(`${HEAD} await (ready ? f() : undefined);`),
    wrong(`${HEAD} await (cached ?? f());`),
    wrong(`import { sleep } from "mysyncio"; function* g() { yield* sleep(1); } await g();`),
    wrong(
      `import { Lock } from "mysyncio"; const lock = new Lock(); async function g() { await lock.acquire(); }`,
    ),
    wrong(`import { sleep } from "mysyncio"; async function* g() { await sleep(1); }`),
    wrong(`${HEAD} for await (const x of f()) {}`, "forAwait"),
    wrong(`${HEAD} await Promise.all([f(), fetch("a")]);`, "promise"),
    wrong(`${HEAD} Promise.allSettled([f()]);`, "promise"),
    wrong(`${HEAD} await Promise.race([f(), f()]);`, "promise"),
    wrong(`${HEAD} await Promise.any([...[1].map(f)]);`, "promise"),
    wrong(`${HEAD} await Promise.all([1, 2].map(f));`, "promise"),
    wrong(`${HEAD} await Promise.all([1, 2].map((n) => f(n)));`, "promise"),
    wrong(`${HEAD} await Promise.all([1, 2].map(function* (n) { yield* f(n); }));`, "promise"),
    wrong(`${HEAD} await Promise.all(Array.from({ length: 3 }, () => f()));`, "promise"),
    wrong(`${HEAD} Promise.resolve(f());`, "promise"),
    wrong(`${HEAD} f().then(() => 1);`, "then"),
    wrong(`${HEAD} f().catch(() => 1);`, "then"),
    wrong(`${HEAD} f().finally(() => 1);`, "then"),
  ],
});

testRule(typed, "no-await-coroutine (types)", rule, {
  valid: [
    `import type { Task, Future } from "mysyncio"; declare const task: Task<number>; declare const future: Future<number>; await task; await future;`,
    `declare const x: unknown; await x;`,
    `declare const x: any; await x;`,
    `declare const x: Promise<number> | number; await x;`,
  ],
  invalid: [
    wrong(`import { plain } from "./other.ts"; await plain(1);`),
    wrong(`import { Client } from "./other.ts"; await new Client().get("a");`),
    wrong(
      `import type { Job } from "./other.ts"; export async function f(job: Job<number>) { return await job; }`,
    ),
    wrong(
      `import type { Awaitable } from "mysyncio"; export async function f(aw: Awaitable<number>) { await aw; }`,
    ),
    wrong(
      `import type { Queue } from "mysyncio"; export const f = async (queue: Queue<number>) => (await queue.get()) as never;`,
    ),
    wrong(`import { load } from "./other.ts"; await Promise.all(["a"].map(load));`, "promise"),
  ],
});
