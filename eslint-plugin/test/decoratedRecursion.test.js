import rule from "../rules/decoratedRecursion.js";
import { javascript, testRule, typed, typescript } from "./support.js";

const HEAD = `import { coroutine, createTask, gather, run, sleep } from "mysyncio";`;
const wrong = (/** @type {string} */ code, messageId = "undecorated", count = 1) => ({
  code: `${HEAD} ${code}`,
  errors: Array.from({ length: count }, () => ({
    messageId,
    ...(messageId === "method" && { suggestions: 1 }),
  })),
});

testRule(javascript, "decorated-recursion", rule, {
  valid: [
    `${HEAD} const f = coroutine(function* (n) { yield* sleep(1); if (n > 0) yield* f(n - 1); });`,
    `${HEAD} function* f(n) { yield* sleep(n); }`,
    // Each task has a stack of its own.
    `${HEAD} function* f(n) { yield* sleep(n); yield* createTask(f(n - 1)); }`,
    `${HEAD} function* f(n) { yield* sleep(n); yield* gather([f(n - 1), f(n - 2)]); }`,
    // Generators that are no coroutines.
    `function* walk(node) { yield node; yield* walk(node.next); }`,
    `${HEAD} function* walk(node) { yield node; for (const each of node.children) yield* walk(each); }`,
    `${HEAD} function* f() { yield* sleep(1); } function* g() { yield* f(); }`,
    `${HEAD} function* f() { yield* sleep(1); { const f = sleep; yield* f(1); } }`,
    `${HEAD} const even = coroutine(function* (n) { yield* odd(n - 1); }); const odd = coroutine(function* (n) { yield* even(n - 1); });`,
    `${HEAD} class A { *f() { yield* sleep(1); } *g() { yield* this.f(); } }`,
  ],
  invalid: [
    wrong("function* f(n) { yield* sleep(1); if (n > 0) yield* f(n - 1); }"),
    wrong("const f = function* (n) { yield* sleep(1); return (yield* f(n - 1)) + 1; };"),
    wrong("function* f(n) { yield* sleep(n); for (const each of n) yield* f(each); }"),
    wrong(
      "function* even(n) { yield* sleep(1); yield* odd(n - 1); } function* odd(n) { yield* even(n - 1); }",
      "undecorated",
      2,
    ),
    wrong(
      "const even = coroutine(function* (n) { yield* odd(n - 1); }); function* odd(n) { yield* even(n - 1); }",
    ),
    wrong("run(function* main() { yield* sleep(1); yield* main(); });"),
    wrong(
      "const f = coroutine(function* f(n) { yield* sleep(1); yield* f(n - 1); });",
      "innerName",
    ),
  ],
});

testRule(typescript, "decorated-recursion (TypeScript)", rule, {
  valid: [
    `${HEAD} class A { @coroutine *f(n: number) { yield* sleep(1); yield* this.f(n - 1); } }`,
    `function* walk(n: Node): Generator<Node> { yield* walk(n.next); }`,
  ],
  invalid: [
    wrong("class A { static *f(n) { yield* sleep(1); yield* A.f(n - 1); } }", "method"),
    {
      code: `${HEAD} class A { *f(n) { yield* sleep(1); yield* this.f(n - 1); } }`,
      errors: [
        {
          messageId: "method",
          suggestions: [
            {
              messageId: "decorate",
              output: `${HEAD} class A { @coroutine *f(n) { yield* sleep(1); yield* this.f(n - 1); } }`,
            },
          ],
        },
      ],
    },
    {
      code: `import type { Coroutine } from "mysyncio"; function* fib(n: number): Coroutine<number> { return n < 2 ? n : (yield* fib(n - 1)) + (yield* fib(n - 2)); }`,
      errors: [{ messageId: "undecorated" }],
    },
  ],
});

testRule(typed, "decorated-recursion (types)", rule, {
  valid: [`export function* walk(n: number): Generator<number> { yield n; yield* walk(n - 1); }`],
  invalid: [
    {
      code: `import type { Job } from "./other.ts"; export function* fib(n: number): Job<number> { return n < 2 ? n : yield* fib(n - 1); }`,
      errors: [{ messageId: "undecorated" }],
    },
  ],
});
