// The page that `mysyncio inspect` serves for a running program, in each browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BROWSERS, open, PATIENCE, visit } from "./browsers.mjs";

const COMMAND = fileURLToPath(new URL("../../dist/mysyncio.js", import.meta.url));
const MAIN = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
const FILE = fileURLToPath(new URL(`../../build/inspected-${process.pid}.mjs`, import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const HOSTILE = `<img src=x onerror="document.title='hacked'">`;
const PROGRAM = `import * as m from ${MAIN};
const jobs = new m.Queue();
const lock = new m.Lock();
function* worker() { for (;;) { yield* jobs.get(); yield* m.sleep(5); } }
function* left() { yield* right; }
let right;
await m.run(function* main() {
  yield* lock.acquire();
  for (let i = 0; i < 3; i++) m.createTask(worker(), { name: "worker " + i });
  m.createTask(function* writer() { yield* lock.acquire(); }, { name: ${JSON.stringify(HOSTILE)} });
  const first = m.createTask(left, { name: "left" });
  right = m.createTask(function* () { yield* first; }, { name: "right" });
  const stubborn = m.createTask(function* () {
    for (;;) try { yield* m.sleep(20); } catch {}
  }, { name: "stubborn" });
  yield* m.sleep(1);
  stubborn.cancel();
  console.log("ready");
  for (let i = 0; ; i++) { yield* m.sleep(10); jobs.putNowait(i); }
});
`;

/** @param {string[]} args @param {RegExp} wanted */
async function started(args, wanted) {
  /** @type {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} */
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const part of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += part;
    const found = wanted.exec(text);
    if (found !== null) return { child, found };
  }
  throw new Error(`${args.join(" ")} ended: ${text}`);
}

for (const name of BROWSERS) {
  describe(name, { timeout: 5 * PATIENCE }, () => {
    test("the page of `mysyncio inspect` shows a program's tasks, and cancels them", async () => {
      writeFileSync(FILE, PROGRAM);
      const target = await started(["--inspect-port=0", FILE], /ready/);
      const pid = String(target.child.pid);
      const server = await started(
        [COMMAND, "inspect", pid, "--allow-cancel"],
        /(http:\/\/127\.0\.0\.1:\d+\/#\S+)\n/,
      );
      const browser = await open(name);
      try {
        const { page, complaints } = await visit(browser, server.found[1] ?? "");
        /** Runs in the page. @param {string} selector */
        const texts = (selector) =>
          page.evaluate((found) => {
            const root = document.querySelector("mysyncio-inspector")?.shadowRoot;
            const all = [...(root?.querySelectorAll(found) ?? [])];
            return all.map((element) => element.textContent ?? "");
          }, selector);
        /** @param {string} selector @param {string} text */
        const click = (selector, text) =>
          page.evaluate(
            (found, wanted) => {
              const root = document.querySelector("mysyncio-inspector")?.shadowRoot;
              const all = [...(root?.querySelectorAll(found) ?? [])];
              const one = all.find((element) => element.textContent?.includes(wanted));
              /** @type {HTMLElement | undefined} */ (one)?.click();
              return one !== undefined;
            },
            selector,
            text,
          );
        /** @param {string} selector @param {string} text */
        const shows = async (selector, text) => {
          const end = Date.now() + PATIENCE;
          while (!(await texts(selector)).some((one) => one.includes(text))) {
            assert.ok(Date.now() < end, `${selector} never shows ${text}`);
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        };

        await shows('[role="row"] b', HOSTILE);
        await shows('[role="row"]', "Lock 1");
        assert.equal(await page.title(), "mysyncio inspect");
        assert.equal((await texts("img")).length, 0);
        for (const [tab, selector, text] of /** @type {const} */ ([
          ["Timers", ".panel", ""],
          ["Waits", ".deadlock", "left → right → left"],
          ["Locks", ".card h3", "Queue 1"],
          ["Warnings", "h3", "swallowed-cancel"],
          ["Timeline", ".panel", ""],
        ])) {
          assert.ok(await click('[role="tab"]', tab), tab);
          await shows(selector, text);
          // No finding of axe may be there in any panel.
          await page.evaluate(AXE);
          const found = await page.evaluate(async () => {
            const { axe } = /** @type {any} */ (globalThis);
            // Long names are cut, which this rule takes for other names.
            const rules = { "label-content-name-mismatch": { enabled: false } };
            const { violations } = await axe.run(document, { rules });
            return violations.map((/** @type {any} */ one) => {
              const [node] = one.nodes;
              return `${one.id}: ${node?.html} ${node?.failureSummary}`;
            });
          });
          assert.deepEqual(found, [], tab);
        }
        assert.ok(await click('[role="row"]', HOSTILE));
        await shows(".detail h3", HOSTILE);
        assert.ok(await click(".detail .cancel", "Cancel this task"));
        await shows(".detail", "This task is done");
        assert.equal(await page.title(), "mysyncio inspect");
        assert.deepEqual(complaints, []);
        assert.equal(target.child.exitCode, null);
      } finally {
        await browser.close();
        server.child.kill("SIGINT");
        target.child.kill("SIGKILL");
        rmSync(FILE, { force: true });
      }
      if (server.child.exitCode === null) await once(server.child, "exit");
    });
  });
}
