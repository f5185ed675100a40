// <mysyncio-inspector> for users of a keyboard or a screen reader, in a real browser: with real keys,
// and the accessibility tree that the browser offers.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findBrowser, installBrowser } from "../../.ci/browser.mjs";
import type { LoopSnapshot } from "../../src/inspector.ts";
import { snapshotOf, taskOf, waitFor } from "../support/inspected.ts";

const DIST = new URL("../../dist/", import.meta.url);
const WIDE = { width: 1_200, height: 800 };
const PATIENCE = 30_000;
const NARROW = { width: 375, height: 812 };

/** Shows `answer`, which tests replace. A string is the message of a failure. */
const PAGE = `<!doctype html><title>Inspected</title><link rel="icon" href="data:,">
<script type="module">
  import { MysyncioInspector } from "/inspectorElement.js";
  const inspector = new MysyncioInspector();
  inspector.setAttribute("fill", "");
  inspector.source = {
    limits: "",
    async read() {
      while (answer === undefined) await new Promise((resolve) => setTimeout(resolve));
      if (typeof answer === "string") throw new Error(answer);
      return { loops: [{ id: 1, name: "Loop 1" }], snapshot: answer };
    },
    pace: () => ({ pause() {}, resume() {}, slow() {}, step() {} }),
    close() {},
  };
  document.body.append(inspector);
</script>
<script>var answer;</script>`;

const server = createServer(({ url = "/" }, response) => {
  const isPage = url === "/";
  response.setHeader("Content-Type", isPage ? "text/html" : "text/javascript");
  response.end(isPage ? PAGE : readFileSync(new URL(`.${url}`, DIST)));
});
let browser: Browser;
let page: Page;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const executablePath = findBrowser() ?? installBrowser() ?? "";
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});
afterAll(async () => {
  await browser.close();
  server.close();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: WIDE });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterEach(() => page.close());

async function show(answer: LoopSnapshot | string): Promise<void> {
  await page.evaluate((value) => Reflect.set(globalThis, "answer", value), answer);
}

/** The focused element of the inspector: its id, class or name. */
function focused(): Promise<string | undefined> {
  return page.evaluate(() => {
    const { activeElement } = document.querySelector("mysyncio-inspector")?.shadowRoot ?? {};
    if (!activeElement) return undefined;
    return activeElement.id || activeElement.className || activeElement.textContent || "";
  });
}

/** Polls until the value is as expected. A reading of the inspector takes long on a busy machine. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: PATIENCE });

async function press(...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

interface Node {
  readonly role: string;
  readonly name: string;
}

/** The nodes of the accessibility tree that a screen reader stops at. */
async function accessibilityTree(): Promise<readonly Node[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? "") }));
}

const FEW = snapshotOf([
  taskOf(1, "main", {
    coroutine: "run",
    waitsFor: waitFor("Gather of 2 tasks", { tasks: [2, 3] }),
  }),
  taskOf(2, "left", { parent: 1, waitsFor: waitFor("Lock 1", { resources: [1] }) }),
  taskOf(3, "right", { parent: 1 }),
]);

test("each control of the inspector has a role and a name, and each picture has a text alternative", async () => {
  await show({
    ...FEW,
    ready: [{ kind: "task", task: 3, label: "right", priority: "user-visible" }],
    timers: [{ when: 5, kind: "sleep", task: 2, label: "left" }],
    resources: [
      { id: 1, kind: "Lock", label: "Lock 1", holders: [3], line: [2], size: null, limit: null },
    ],
  } as LoopSnapshot);
  await page.getByRole("row", { name: "left" }).waitFor();
  const first = await accessibilityTree();
  const named = (role: string, nodes = first) =>
    nodes.filter((node) => node.role === role).map(({ name }) => name);

  expect(named("tab")).toEqual([
    ...["Tasks", "Timeline", "Timers 1", "Waits", "Locks & queues 1", "Warnings"],
  ]);
  expect(named("treegrid")).toEqual(["Task tree"]);
  expect(named("row")).toEqual(["main run Gather of 2 tasks", "left Lock 1", "right ready"]);
  expect(named("heading")).toEqual(["Ready queue 1 entry, next first"]);
  expect(named("region")).toEqual(["Ready queue", "Tasks"]);
  expect(named("searchbox")).toEqual(["Filter tasks"]);
  // The name contains the visible word, which users of speech input say.
  expect(named("button")).toContain("Fit everything");
  expect(named("image")).toEqual(["Nothing was recorded yet."]);
  for (const tab of named("tab")) {
    await page.getByRole("tab", { name: tab }).click();
    await page.waitForTimeout(50);
    const unnamed = (await accessibilityTree()).filter(
      ({ role, name }) =>
        ["button", "combobox", "image", "tab", "tabpanel", "searchbox"].includes(role) &&
        name.trim() === "",
    );
    expect([tab, unnamed]).toEqual([tab, []]);
  }
  await page.getByRole("tab", { name: "Timers" }).click();
  await page.locator("svg.heap").waitFor();
  expect(named("image", await accessibilityTree())).toEqual([
    "A heap of 1 timer. The first one is due in 5 ms.",
  ]);
});

test("the keyboard moves through the inspector's tabs, and wraps around at both ends", async () => {
  await show(FEW);
  await page.getByRole("tab", { name: "Timeline" }).click();
  const seen: (string | undefined)[] = [];
  for (const key of ["ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home", "ArrowRight"]) {
    await press(key);
    seen.push(await focused());
    expect(await page.getByRole("tab", { selected: true }).getAttribute("id")).toBe(seen.at(-1));
  }
  expect(seen).toEqual(
    ["timers", "warnings", "tasks", "warnings", "tasks", "timeline"].map((name) => `tab-${name}`),
  );
});

test.each([WIDE, NARROW])(
  "all tabs of the inspector are in view at a width of $width pixels",
  async (size) => {
    await page.setViewportSize(size);
    await show({
      ...FEW,
      warnings: [],
      timers: new Array(12_345).fill({ when: 1, kind: "sleep" }),
    });
    for (const panel of ["tasks", "warnings"]) {
      await page
        .locator("mysyncio-inspector")
        .evaluate((element, name) => element.setAttribute("panel", name), panel);
      for (const tab of await page.getByRole("tab").all()) {
        const { x, width } = (await tab.boundingBox()) ?? { x: Number.NaN, width: Number.NaN };
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(size.width);
      }
      await page.getByRole("tab", { selected: true }).focus();
      expect(await focused()).toBe(`tab-${panel}`);
    }
  },
);

test("Escape clears the filter of the inspector, or closes the details, wherever the focus is", async () => {
  await show(FEW);
  await page.getByRole("row", { name: "left" }).click();
  await page.getByRole("button", { name: "main" }).first().waitFor({ state: "attached" });
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await press("/");
  await page.keyboard.type("righ");
  await eventually(() => page.getByRole("row").count()).toBe(2);
  await press("Escape");
  await eventually(() => page.getByRole("row").count()).toBe(3);
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await press("Escape");
  await eventually(() => page.locator(".detail").count()).toBe(0);
});

test("the inspector keeps the focus when the focused element is moved or removed", async () => {
  const lines = (first: number[], second: number[]) =>
    ({
      ...FEW,
      resources: [first, second].map((line, id) => ({
        ...{ id, kind: "Lock", label: `Lock ${id}`, holders: [], line, size: null, limit: null },
      })),
    }) as LoopSnapshot;
  await show(lines([1], [2, 3]));
  await page.getByRole("tab", { name: "Locks" }).click();
  await page.locator(".card .chip", { hasText: "main" }).focus();
  await show(lines([1, 2, 3, 4], [2]));
  await eventually(() => page.locator(".card h3").allTextContents()).toEqual([
    "Lock 04 waiting tasks",
    "Lock 11 waiting task",
  ]);
  expect(await focused()).toContain("chip");

  await show(lines([2], [3]));
  await eventually(focused).toBe("tree");
  await page.getByRole("row", { name: "left" }).click();
  await page.getByRole("button", { name: "Close the details" }).focus();
  await press("Enter");
  expect(await focused()).toBe("tree");
  await press("ArrowDown");
  expect(await page.getByRole("row", { selected: true }).textContent()).toContain("main");
});

test("the inspector announces a pause, the first warning of a kind, and a lost connection", async () => {
  const warning = { id: "deadlock", message: "2 tasks wait for each other", tasks: [] };
  const warned = { ...FEW, warnings: [{ ...warning, evidence: "", place: "", wayOut: "" }] };
  const spoken = () => page.getByRole("status").textContent();
  await show(FEW);
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await eventually(() => page.getByRole("row").count()).toBe(3);
  expect(await spoken()).toBe("");

  await show(warned as unknown as LoopSnapshot);
  await eventually(spoken).toBe("Warning: 2 tasks wait for each other");
  await page.getByRole("button", { name: "Pause" }).click();
  await eventually(spoken).toBe("Paused");
  await show({ ...warned, tasks: [] } as unknown as LoopSnapshot);
  await eventually(() => page.getByRole("row").count()).toBe(0);
  expect(await spoken()).toBe("Paused");

  await show("The process has ended");
  await eventually(() => page.getByRole("alert").textContent()).toBe("The process has ended");
  expect(await page.locator(".state").textContent()).toContain("not answering");
});

test("the inspector shows that it is reading until it knows whether a loop is running", async () => {
  expect(await page.locator(".state").textContent()).toBe("Reading…");
  expect(await page.locator(".tree").textContent()).toBe("Reading…");
  await page.evaluate(() => Reflect.set(globalThis, "answer", null));

  await eventually(() => page.locator(".tree").textContent()).toBe("No loop is running");
});

test("the inspector says when it gets no answer for several seconds, and recovers once it does", async () => {
  const failure = () => page.getByRole("alert").textContent();
  await eventually(failure).toBe("No answer: the program may be busy or stopped.");
  await show(FEW);

  await eventually(failure).toBe("");
  expect(await page.getByRole("row").count()).toBe(3);
});

test("the inspector says why the ready queue is empty: one task is running, or the loop is asleep", async () => {
  const loop = { ...FEW.loop, timers: 1, externals: 2 };
  await show({ ...FEW, tasks: [taskOf(1, "busy", { state: "running" })], loop });
  const text = () => page.locator(".lane .empty").textContent();
  await eventually(text).toBe("busy is running, and nothing else is ready");

  await show({ ...FEW, loop });
  await eventually(text).toBe("Asleep, with 1 timer and 2 outside events pending");
});
