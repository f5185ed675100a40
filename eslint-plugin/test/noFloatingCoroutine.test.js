import rule from "../rules/noFloatingCoroutine.js";
import { javascript, testRule, typed, typescript } from "./support.js";

const floating = (/** @type {string} */ code, count = 1) => ({
  code,
  errors: Array.from({ length: count }, () => ({ messageId: "floating", suggestions: 1 })),
});
/** One that has `createTask` in scope gets a suggestion. */
const outside = (/** @type {string} */ code, count = 1) => ({
  code,
  errors: Array.from({ length: count }, () => ({
    messageId: "outside",
    ...(/createTask|import \* as aio/.test(code) && { suggestions: 1 }),
  })),
});

testRule(javascript, "no-floating-coroutine", rule, {
  valid: [
    `import { sleep } from "mysyncio"; function* f() { yield* sleep(1); }`,
    `import { sleep } from "mysyncio"; function* f() { yield sleep(1); }`,
    `import { sleep } from "./ours.js"; function* f() { sleep(1); }`,
    `import { sleep } from "mysyncio"; function* f() { const pause = sleep(1); yield* pause; }`,
    `import { createTask, sleep } from "mysyncio"; function* f() { createTask(sleep(1)); }`,
    `import { gather, sleep } from "mysyncio"; function* f() { gather([sleep(1)]); }`,
    `import { run, sleep } from "mysyncio"; run(sleep(1));`,
    `import { sleep } from "mysyncio"; function f(sleep) { sleep(1); }`,
    `import { sleep } from "mysyncio"; { const sleep = (n) => n; sleep(1); }`,
    `function* numbers() { yield 1; } numbers();`,
    `function* walk(node) { yield node; yield* walk(node.next); } walk(1);`,
    `import { run } from "mysyncio"; function* walk(node) { yield node; yield* walk(node.next); } walk(1);`,
    `import { Lock } from "mysyncio"; const lock = new Lock(); lock.release();`,
    `import { Queue } from "mysyncio"; const queue = new Queue(); queue.putNowait(1);`,
    `import { coroutine, sleep } from "mysyncio"; const f = coroutine(function* () { yield* sleep(1); }); const g = () => f();`,
    `import { coroutine } from "mysyncio"; let f = coroutine(function* () {}); f = () => 1; f();`,
    `import { sleep } from "mysyncio"; const all = [sleep(1), sleep(2)];`,
    `import { sleep } from "mysyncio"; const pauses = { short: () => sleep(1) };`,
    `import { coroutine } from "mysyncio"; class A { @f *get() {} }`.replace("@f ", ""),
    `import { currentTask, getRunningLoop } from "mysyncio"; currentTask(); getRunningLoop();`,
  ],
  invalid: [
    {
      code: `import { sleep } from "mysyncio"; function* f() { sleep(1); yield* sleep(2); }`,
      errors: [
        {
          message:
            "`sleep(...)` only makes a coroutine, which never runs. Write `yield* sleep(...)`.",
          suggestions: [
            {
              messageId: "await",
              output: `import { sleep } from "mysyncio"; function* f() { yield* sleep(1); yield* sleep(2); }`,
            },
          ],
        },
      ],
    },
    {
      code: `import { createTask as spawn, sleep } from "mysyncio"; button.onclick = () => { sleep(1); };`,
      errors: [
        {
          messageId: "outside",
          suggestions: [
            {
              messageId: "start",
              output: `import { createTask as spawn, sleep } from "mysyncio"; button.onclick = () => { spawn(sleep(1)); };`,
            },
          ],
        },
      ],
    },
    outside(`import { sleep as nap } from "mysyncio"; nap(1);`),
    outside(`import { "sleep" as nap } from "mysyncio"; nap(1);`),
    outside(`import * as aio from "mysyncio"; aio.sleep(1);`),
    outside(`import * as aio from "mysyncio"; aio["sleep"](1);`),
    outside(`import * as aio from "mysyncio"; const { sleep } = aio; sleep(1);`),
    outside(`import * as aio from "mysyncio"; const { sleep: nap } = aio; nap(1);`),
    outside(`const { sleep } = require("mysyncio"); sleep(1);`),
    outside(`const aio = require("mysyncio"); aio.sleep(1);`),
    outside(`const { sleep } = await import("mysyncio"); sleep(1);`),
    outside(`import { sleep } from "mysyncio"; const nap = sleep; nap(1);`),
    outside(`import { startServer } from "mysyncio/node"; startServer(handle, {});`),
    outside(`import { sleep } from "mysyncio/browser"; void sleep(1);`),
    outside(`import { sleep } from "mysyncio"; ready && sleep(1);`),
    outside(`import { sleep } from "mysyncio"; ready ? sleep(1) : sleep(2);`, 2),
    outside(`import { sleep } from "mysyncio"; sleep(1), sleep(2);`, 2),
    outside(`import { sleep } from "mysyncio"; for (sleep(1);;sleep(2)) {}`, 2),
    outside(`import { sleep } from "mysyncio"; sleep?.(1);`),
    outside(`import { coroutine } from "mysyncio"; const f = coroutine(function* () {}); f();`),
    outside(`import { coroutine as co } from "mysyncio"; const f = co(function* () {}); f();`),
    outside(`import * as aio from "mysyncio"; const f = aio.coroutine(function* () {}); f();`),
    outside(`import { sleep } from "mysyncio"; function* f() { yield* sleep(1); } f();`),
    outside(`import { sleep } from "mysyncio"; const f = function* () { yield* sleep(1); }; f();`),
    outside(`import { sleep } from "mysyncio"; const f = () => sleep(1); f();`),
    outside(`import { sleep } from "mysyncio"; function f() { return sleep(1); } f();`),
    outside(
      `import { fetchPage } from "./page.js"; import { run } from "mysyncio"; function* f() { yield* fetchPage(); } f();`,
    ),
    outside(`import { run } from "mysyncio"; function* main() {} run(main); main();`),
    outside(
      `import { coroutine } from "mysyncio"; const f = coroutine(function* () {}); f.bind(1)();`,
    ),
    outside(`import { Lock } from "mysyncio"; const lock = new Lock(); lock.acquire();`),
    outside(
      `import { Queue } from "mysyncio"; class A { queue = new Queue(); put() { this.queue.put(1); } }`,
    ),
    outside(`import { Event } from "mysyncio"; new Event().wait();`),
    outside(
      `import { sleep } from "mysyncio"; class A { *get() { yield* sleep(1); } start() { this.get(); } }`,
    ),
    outside(
      `import { sleep } from "mysyncio"; class A { *get() { yield* sleep(1); } } new A().get();`,
    ),
    outside(
      `import { sleep } from "mysyncio"; class A { static *get() { yield* sleep(1); } } A.get();`,
    ),
    outside(
      `import { sleep } from "mysyncio"; const api = { *get() { yield* sleep(1); } }; api.get();`,
    ),
    floating(
      `import { run, taskGroup } from "mysyncio"; run(function* () { taskGroup(function* () {}); });`,
    ),
    floating(`import { run, sleep } from "mysyncio"; run(function* () { if (x) sleep(1); });`),
    {
      code: `import { run, sleep } from "mysyncio"; run(function* () { ready && sleep(1); });`,
      errors: [
        {
          messageId: "floating",
          suggestions: [
            {
              messageId: "await",
              output: `import { run, sleep } from "mysyncio"; run(function* () { ready && (yield* sleep(1)); });`,
            },
          ],
        },
      ],
    },
    {
      ...outside(`import { sleep } from "./ours.js"; sleep(1);`),
      settings: { mysyncio: { modules: ["./ours.js"] } },
    },
  ],
});

testRule(typescript, "no-floating-coroutine (TypeScript)", rule, {
  valid: [
    `import type { Coroutine } from "mysyncio"; function* f(): Coroutine<void> {} const x = f();`,
    `function* ids(): Generator<number> { yield 1; } ids();`,
    `import { sleep } from "mysyncio"; function* ids(): IterableIterator<void> { yield* sleep(1); } ids();`,
  ],
  invalid: [
    outside(`import type { Coroutine } from "mysyncio"; function* f(): Coroutine<void> {} f();`),
    outside(`import type { Coroutine as Co } from "mysyncio"; function* f(): Co<void> {} f();`),
    outside(`import type * as aio from "mysyncio"; function* f(): aio.Coroutine<void> {} f();`),
    outside(`import { sleep } from "mysyncio"; sleep(1) as unknown;`),
    outside(`import { sleep } from "mysyncio"; sleep(1)!;`),
    outside(
      `import { coroutine } from "mysyncio"; class A { @coroutine *get() {} } new A().get();`,
    ),
    outside(
      `import { coroutine } from "mysyncio"; class A { @coroutine *get() {} all() { this.get(); } }`,
    ),
    outside(
      `import { coroutine } from "mysyncio"; class A { @coroutine *#get() {} all() { this.#get(); } }`,
    ),
  ],
});

testRule(typed, "no-floating-coroutine (types)", rule, {
  valid: [
    `import { numbers } from "./other.ts"; numbers();`,
    `import { createTask, type Lock } from "mysyncio"; declare const lock: Lock; lock.release(); createTask(lock.acquire());`,
    `import { load } from "./other.ts"; const it = load("a"); it.next(); it.return("");`,
    `declare const f: () => Generator<number, void, undefined>; f();`,
    `declare const f: () => Promise<void>; f();`,
    `declare const f: any; f();`,
    `import { gather, type Coroutine } from "mysyncio"; declare function f(): Coroutine<void>; gather([f()]);`,
    `function* tree(n: number): Generator<number> { if (n > 0) yield* tree(n - 1); yield n; } tree(3);`,
  ],
  invalid: [
    outside(`import { load } from "./other.ts"; load("a");`),
    outside(`import { plain } from "./other.ts"; plain(1);`),
    outside(`import { inferred } from "./other.ts"; inferred();`),
    outside(`import { pause } from "./other.ts"; pause(1);`),
    outside(`import * as other from "./other.ts"; other.load("a");`),
    outside(`import { Client } from "./other.ts"; new Client().get("a");`),
    outside(`import { Client } from "./other.ts"; Client.make();`),
    outside(`import { Client } from "./other.ts"; new Client().reset();`),
    outside(
      `import type { Client } from "./other.ts"; declare const map: Map<string, Client>; map.get("x")?.get("y");`,
    ),
    outside(
      `import type { Lock } from "mysyncio"; export function f(lock: Lock) { lock.acquire(); }`,
    ),
    outside(
      `import type { Coroutine } from "mysyncio"; declare const f: (() => Coroutine<void>) | (() => void); f();`,
    ),
    outside(
      `import type { Coroutine } from "mysyncio"; export function f<T extends Coroutine<unknown>>(make: () => T) { make(); }`,
    ),
    outside(
      `import type { Coroutine } from "mysyncio"; interface Api { load(): Coroutine<string> } declare const api: Api; api.load();`,
    ),
    outside(
      `import type { Coroutine } from "mysyncio"; type Lazy<T> = T extends string ? Coroutine<T> : never; declare function f(): Lazy<"a">; f();`,
    ),
    outside(
      `import type { Coroutine } from "mysyncio"; type Api = { [K in "a" | "b"]: () => Coroutine<K> }; declare const api: Api; api.a();`,
    ),
    outside(
      `import { load } from "./other.ts"; const fs = [load]; fs[0]?.("a"); fs.map((f) => f("a"));`,
    ),
    {
      code: `import { type Coroutine, sleep } from "mysyncio"; import { load } from "./other.ts"; export function* main(): Coroutine<void> { load("a"); yield* sleep(1); }`,
      errors: [{ messageId: "floating", suggestions: 1 }],
    },
  ],
});
