// Tracks, stacks and traces, as Chrome's DevTools show them.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBrowser } from "../../.ci/browser.mjs";
import { createTask, gather, Lock, newEventLoop, sleep } from "../../src/index.ts";
import { startTrace, traceEvents } from "../../src/inspector.ts";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const HERE = new URL("../../dist", import.meta.url).href;
const ORIGIN = "http://mysyncio.test";

let browser: Browser;

beforeAll(async () => {
  const executablePath = findBrowser() as string;
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser.close());

/** Opens a page that can import the package's build. */
async function openPage(): Promise<Page> {
  const page = await browser.newPage();
  await page.route("**/*", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: "<p>" });
    return route.fulfill({ path: DIST + pathname });
  });
  await page.goto(ORIGIN);
  return page;
}

/** A task that a function creates, and that waits. */
const PROGRAM = `
const loop = m.newEventLoop();
const lock = new m.Lock();
const worker = m.coroutine(function* worker() {
  yield* lock.with(() => m.sleep(1));
  console.log("from", m.currentTask().getName());
});
function spawner() {
  return m.createTask(worker, { name: "<b>worker 7</b>" });
}
function* main() {
  yield* m.gather([spawner(), worker(), worker()]);
  loop.callSoon(function aCallback() {});
  yield* m.sleep(1);
}
`;

describe("devtoolsTracks()", () => {
  test("shows steps and waits as tracks of a recording, until it is stopped", {
    timeout: 60_000,
  }, async () => {
    const page = await openPage();
    await browser.startTracing(page, { categories: ["devtools.timeline"] });
    await page.evaluate(`(async () => {
      const m = await import("/index.js");
      const { devtoolsTracks } = await import("/inspector.js");
      ${PROGRAM}
      const stop = devtoolsTracks({ loop, tracks: 2 });
      await loop.runUntilComplete(main);
      stop();
      await loop.runUntilComplete(function* afterwards() { yield; });
    })()`);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: { name: string; args: { data?: Record<string, unknown> } }[];
    };
    await page.close();

    const shown = traceEvents
      .filter(({ name, args }) => name === "TimeStamp" && args.data?.["trackGroup"] === "mysyncio")
      .map(({ args }) => args.data as { message: string; track: string });
    const on = (track: string) =>
      shown.filter((entry) => entry.track === track).map(({ message }) => message);
    expect(on("steps")).toEqual(
      expect.arrayContaining([
        ...["Task-1", "worker (<b>worker 7</b>)", "worker (Task-3)"],
        expect.stringContaining("aCallback"),
      ]),
    );
    expect(on("tasks 1")).toEqual(expect.arrayContaining(["Task-1", "Task-1 waits for Gather"]));
    expect(on("tasks 2")).toContain("worker (<b>worker 7</b>) waits for Sleep");
    expect(on("tasks 3")).toEqual([]);
    expect(shown.some(({ message }) => message.includes("afterwards"))).toBe(false);
  });
});

/** Opens Chrome's DevTools as a page. Returns the function that evaluates code in it. */
async function openDevTools(): Promise<(code: string) => Promise<unknown>> {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send("Target.createTarget", {
    url: "devtools://devtools/bundled/devtools_app.html",
  });
  // Playwright hides such pages, so the messages are wrapped by hand.
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  let last = 0;
  return (code) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const receive = ({ message }: { readonly message: string }) => {
        const answer = JSON.parse(message);
        if (answer.id !== id) return;
        session.off("Target.receivedMessageFromTarget", receive);
        const { exceptionDetails, result } = answer.result ?? { exceptionDetails: answer.error };
        if (exceptionDetails !== undefined) reject(new Error(JSON.stringify(exceptionDetails)));
        else resolve(result.value);
      };
      session.on("Target.receivedMessageFromTarget", receive);
      const params = { expression: code, awaitPromise: true, returnByValue: true };
      const message = JSON.stringify({ id, method: "Runtime.evaluate", params });
      session.send("Target.sendMessageToTarget", { sessionId, message }).catch(reject);
    });
}

test("Chrome's Performance panel loads what traceEvents() returns", async () => {
  const loop = newEventLoop();
  const recording = startTrace({ loop });
  const lock = new Lock();
  const worker = function* () {
    yield* lock.with(() => sleep(1));
  };
  function* main() {
    yield* gather(["a", "<b>b</b>"].map((name) => createTask(worker, { name })));
  }
  await loop.runUntilComplete(main);
  recording.stop();
  loop.close();
  const events = traceEvents(recording);
  const evaluate = await openDevTools();
  const inPanel = await evaluate(`(async () => {
    const { TraceModel } = await import("devtools://devtools/bundled/models/trace/trace.js");
    const model = TraceModel.Model.createWithAllHandlers();
    await model.parse(${JSON.stringify(events)}, {});
    const { Renderer } = model.parsedTrace(0).data;
    const [process] = Renderer.processes.values();
    return Array.from(process.threads.values(), ({ name, entries }) => [name, entries.length]);
  })()`);

  const threads = events.filter(({ name }) => name === "thread_name");
  const slices = (tid: number) => events.filter((event) => event.ph === "X" && event.tid === tid);
  expect(threads.map(({ args }) => args?.["name"])).toEqual(
    expect.arrayContaining(["steps", "a", "<b>b</b>"]),
  );
  expect(inPanel).toEqual(threads.map(({ tid, args }) => [args?.["name"], slices(tid).length]));
});

/** The functions of a stack, and the names of the tasks below which they run. */
interface Stack {
  readonly description?: string;
  readonly callFrames: readonly { readonly functionName: string }[];
  readonly parent?: Stack;
}

function namesIn(stack: Stack | undefined): string[] {
  if (stack === undefined) return [];
  const functions = stack.callFrames.map(({ functionName }) => functionName);
  return [...functions, stack.description ?? "", ...namesIn(stack.parent)];
}

const WITH_STACKS = `${PROGRAM}
const stop = asyncStacks({ loop });
let created;
await loop.runUntilComplete(function* () {
  created = spawner();
  yield* created;
  created = m.createTask(function* stops() { stop(); yield; });
  yield* created;
  yield* m.gather([m.createTask(worker, { name: "later" })]);
});
const isRestored = !Object.hasOwn(created, "_run");
`;

describe("asyncStacks()", () => {
  test("shows, below a task's steps, where it was created, in Chromium", async () => {
    const page = await openPage();
    const session = await page.context().newCDPSession(page);
    await session.send("Runtime.enable");
    await session.send("Debugger.enable");
    await session.send("Debugger.setAsyncCallStackDepth", { maxDepth: 8 });
    const stacks: Promise<string[]>[] = [];
    session.on("Runtime.consoleAPICalled", ({ stackTrace }) => {
      const names = async () => {
        const stackTraceId = stackTrace?.parentId;
        if (stackTraceId === undefined) return namesIn(stackTrace);
        const below = await session.send("Debugger.getStackTrace", { stackTraceId });
        return [...namesIn(stackTrace), ...namesIn(below.stackTrace)];
      };
      stacks.push(names());
    });
    const isRestored = await page.evaluate(`(async () => {
      const m = await import("/index.js");
      const { asyncStacks } = await import("/inspector.js");
      ${WITH_STACKS}
      return isRestored;
    })()`);
    const [first = [], second = []] = await Promise.all(stacks);
    await page.close();

    expect(first).toEqual(expect.arrayContaining(["worker", "spawner", "<b>worker 7</b>"]));
    expect(first.indexOf("spawner")).toBeGreaterThan(first.indexOf("worker"));
    expect(second).toContain("worker");
    expect(second).not.toContain("later");
    expect([isRestored, stacks.length]).toEqual([true, 2]);
  });

  test("shows, below a task's steps, where it was created, in Node's debugger", async () => {
    // In a process of its own, because Vitest replaces the console.
    const program = `
      import { Session } from "node:inspector";
      import * as m from "${HERE}/index.js";
      import { asyncStacks } from "${HERE}/inspector.js";
      const session = new Session();
      session.connect();
      const post = (method, parameters) => {
        let answer;
        session.post(method, parameters, (error, result) => { answer = error ?? result; });
        return answer;
      };
      post("Runtime.enable");
      post("Debugger.enable");
      post("Debugger.setAsyncCallStackDepth", { maxDepth: 8 });
      const stacks = [];
      session.on("Runtime.consoleAPICalled", ({ params: { stackTrace } }) => {
        const { parentId } = stackTrace;
        const below = parentId && post("Debugger.getStackTrace", { stackTraceId: parentId });
        stacks.push([stackTrace, below?.stackTrace]);
      });
      ${WITH_STACKS}
      session.disconnect();
      process.stdout.write("\\n" + JSON.stringify({ stacks, isRestored }));`;
    const arguments_ = ["--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_);
    const { stacks, isRestored } = JSON.parse(stdout.split("\n").at(-1) as string) as {
      stacks: [Stack, Stack | undefined][];
      isRestored: boolean;
    };
    const [first = [], second = []] = stacks.map((parts) => parts.flatMap(namesIn));

    expect(first).toEqual(expect.arrayContaining(["worker", "spawner", "<b>worker 7</b>"]));
    expect(second).toContain("worker");
    expect(second).not.toContain("later");
    expect([isRestored, stacks.length]).toEqual([true, 2]);
  });
});
