import rule from "../rules/noSwallowedCancellation.js";
import { javascript, testRule, typed, typescript } from "./support.js";

const catching = (/** @type {string} */ clause, block = "yield* sleep(1);", before = "") =>
  `import { CancelledError, TimeoutError, createTask, run, sleep } from "mysyncio"; run(function* () { ${before} try { ${block} } ${clause} });`;
const wrong = (/** @type {string} */ clause, block = "yield* sleep(1);") => ({
  code: catching(clause, block),
  errors: [
    {
      messageId: "swallowed",
      ...(/^catch \((\w+)\)/.test(clause) && { suggestions: 1 }),
    },
  ],
});

testRule(javascript, "no-swallowed-cancellation", rule, {
  valid: [
    catching("catch (e) { throw e; }"),
    catching("catch (e) { log(e); throw e; }"),
    catching("catch (e) { throw new Error('wrapped', { cause: e }); }"),
    catching("catch (e) { if (e instanceof CancelledError) throw e; log(e); }"),
    catching("catch (e) { if (e instanceof CancelledError) { clean(); throw e; } log(e); }"),
    catching("catch (e) { if (!(e instanceof CancelledError)) log(e); else throw e; }"),
    catching("catch (e) { if (e instanceof TimeoutError) return; throw e; }"),
    catching("catch (e) { if (e instanceof TimeoutError) log(e); else throw e; }"),
    catching("catch (e) { if (!(e instanceof TimeoutError)) throw e; log(e); }"),
    catching(
      "catch (e) { if (e instanceof TypeError || e instanceof RangeError) return; throw e; }",
    ),
    catching("catch (e) { if (e.name === 'CancelledError') throw e; }"),
    catching("catch (e) { if (e.code !== 'ENOENT') throw e; }"),
    catching("catch (e) { const { code } = e; if (code !== 'A' && code !== 'B') throw e; }"),
    catching("catch ({ code, message }) { if (code !== 'A') throw new Error(message); }"),
    catching("catch (e) { if (isCancelled(e)) throw e; log(e); }"),
    catching("catch (e) { throwIfCancelled(e); log(e); }"),
    catching("catch (e) { if (!shouldRetry(e)) throw e; }"),
    catching("catch (e) { switch (e.code) { case 1: return; default: throw e; } }"),
    catching("catch (e) { currentTask().uncancel(); }"),
    catching("catch (e) { try { log(e); } finally { throw e; } }"),
    catching("finally { clean(); }"),
    // Nothing suspends in it.
    catching("catch {}", "JSON.parse(text);"),
    catching("catch (e) { log(e); }", "queue.putNowait(1);"),
    catching("catch (e) { log(e); }", "createTask(function* () { yield* sleep(1); });"),
    // It awaits what it has cancelled itself.
    catching(
      "catch (e) { if (!(e instanceof CancelledError)) throw e; }",
      "yield* task;",
      "const task = createTask(sleep(1)); task.cancel();",
    ),
    catching("catch {}", "yield* task;", "const task = createTask(sleep(1)); task.cancel();"),
    // No coroutine.
    `function* numbers() { try { yield 1; } catch (e) { log(e); } }`,
    `async function f() { try { await g(); } catch (e) { log(e); } }`,
    `import { run, sleep } from "mysyncio"; try { await run(sleep(1)); } catch (e) { log(e); }`,
    `import { run, sleep } from "mysyncio"; run(function* () { try { yield* sleep(1); } finally { close(); } });`,
  ],
  invalid: [
    wrong("catch {}"),
    wrong("catch (e) {}"),
    wrong("catch (e) { log(e); }"),
    wrong("catch (e) { return undefined; }"),
    wrong("catch (e) { if (e instanceof CancelledError) return; throw e; }"),
    wrong("catch (e) { if (e instanceof CancelledError) log('cancelled'); else throw e; }"),
    wrong("catch (e) { if (e instanceof Error) log(e); else throw e; }"),
    wrong("catch (e) { if (e instanceof TypeError) throw e; log(e); }"),
    wrong("catch (e) { if (e.code === 'ENOENT') throw e; }"),
    wrong("catch (e) { if (e.name !== 'CancelledError') throw e; }"),
    wrong("catch (e) { if (!isCancelled(e)) throw e; }"),
    wrong("catch ({ code }) { if (code === 1) throw new Error(); }"),
    wrong("catch ({ message }) { log(message); }"),
    wrong("catch (e) { const later = () => { throw e; }; }"),
    wrong("catch (e) { try { throw e; } catch {} }"),
    wrong("catch (e) { log(e); } finally { clean(); }"),
    wrong("catch (e) { log(e); }", "while (true) yield* sleep(1);"),
    wrong("catch (e) { log(e); }", "yield;"),
    wrong("catch (e) { log(e); }", "if (x) { try { yield* sleep(1); } finally { close(); } }"),
    wrong("catch (e) { log(e); }", "for (const x of y) { const z = yield* sleep(x); }"),
    wrong("catch (e) { while (e) break; }"),
    {
      code: `import { sleep } from "mysyncio"; function* f() { for (;;) { try { yield* sleep(1); break; } catch { continue; } } }`,
      errors: [{ messageId: "swallowed" }],
    },
    {
      code: `import { coroutine } from "mysyncio"; const f = coroutine(function* () { try { yield* other(); } catch (e) { report(e); } });`,
      errors: [{ messageId: "swallowed" }],
    },
    {
      code: catching("catch (error) { log(error); }"),
      errors: [
        {
          messageId: "swallowed",
          suggestions: [
            {
              messageId: "rethrow",
              output: catching(
                "catch (error) { if (error instanceof CancelledError) throw error; log(error); }",
              ),
            },
          ],
        },
      ],
    },
  ],
});

testRule(typescript, "no-swallowed-cancellation (TypeScript)", rule, {
  valid: [
    `import { type Coroutine, sleep } from "mysyncio"; export function* f(): Coroutine<void> { try { yield* sleep(1); } catch (e) { const { code } = e as { code?: string }; if (code !== "A") throw e; } }`,
    `import { type Coroutine, sleep } from "mysyncio"; export function* f(): Coroutine<void> { try { yield* sleep(1); } catch (e: unknown) { if ((e as Error).name === "CancelledError") throw e; } }`,
  ],
  invalid: [
    {
      code: `import { type Coroutine } from "mysyncio"; export function* f(): Coroutine<void> { try { yield; } catch (e: unknown) { log(e as Error); } }`,
      errors: [{ messageId: "swallowed" }],
    },
  ],
});

testRule(typed, "no-swallowed-cancellation (types)", rule, {
  valid: [
    `export function* f(): Generator<number> { try { yield 1; } catch (e) { console.log(e); } }`,
  ],
  invalid: [
    {
      code: `import type { Job } from "./other.ts"; export function* f(): Job<void> { try { yield; } catch (e) { console.log(e); } }`,
      errors: [{ messageId: "swallowed" }],
    },
    {
      code: `import { load } from "./other.ts"; export function* f() { try { yield* load("a"); } catch (e) { console.log(e); } }`,
      errors: [{ messageId: "swallowed" }],
    },
  ],
});
