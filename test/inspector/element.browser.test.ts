// <mysyncio-inspector> in a page, over loops of that page. One file, because all cases look at one
// element on one page.

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventLoop,
  type Future,
  Lock,
  newEventLoop,
  type Task,
} from "../../src/index.ts";
import { MysyncioInspector } from "../../src/inspector/element/inspectorElement.ts";
import { FakeSource, snapshotOf, taskOf, waitFor } from "../support/inspected.ts";

let loop: EventLoop;
let end: Future<void>;
let main: Promise<void>;
let inspector: MysyncioInspector;

beforeEach(() => {
  loop = newEventLoop();
  end = loop.createFuture() as Future<void>;
  inspector = new MysyncioInspector();
  inspector.style.height = "700px";
});

afterEach(async () => {
  inspector.remove();
  end.setResult(undefined);
  await main;
  loop.close();
});

/** Runs `prepare`, and keeps the loop running until the test ends. Cancels its tasks then. */
async function start(prepare: () => Iterable<Task<unknown>>): Promise<void> {
  const begun = loop.createFuture() as Future<void>;
  main = loop.runUntilComplete(function* () {
    const tasks = [...prepare()];
    begun.setResult(undefined);
    yield* end;
    for (const task of tasks) task.cancel();
    for (const task of tasks) yield* endOf(task);
  });
  await begun;
}

function* endOf(task: Task<unknown>): Coroutine<void> {
  try {
    yield* task;
  } catch (error) {
    if (!task.cancelled()) throw error;
  }
}

async function show(width = 1_200): Promise<void> {
  inspector.style.width = `${width}px`;
  document.body.append(inspector);
  await eventually(() => expect(rows().length + all(".none").length).toBeGreaterThan(0));
}

const root = () => inspector.shadowRoot as ShadowRoot;
const all = <E extends Element = HTMLElement>(selector: string) => [
  ...root().querySelectorAll<E>(selector),
];
const one = <E extends Element = HTMLElement>(selector: string) => all<E>(selector)[0] as E;
const rows = () => all('[role="row"]');
const names = () => rows().map((row) => row.querySelector("b")?.textContent);
const rowOf = (name: string) => rows().find((row) => row.querySelector("b")?.textContent === name);
const buttonOf = (text: string) =>
  all<HTMLButtonElement>("button").find((button) =>
    button.textContent?.startsWith(text),
  ) as HTMLButtonElement;

function press(target: Element, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

function* forever(): Coroutine<never> {
  return yield* loop.createFuture() as Future<never>;
}

/** Tasks that wait forever, with these names. */
const waiting = (...tasks: string[]) => tasks.map((name) => createTask(forever, { name }));

/** Waits until `check` doesn't throw. The first test loads the parts of the element. */
function eventually<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000 });
}

test("the inspector shows the tasks of a loop of its page, with what each waits for", async () => {
  await start(function* () {
    const lock = new Lock();
    void lock.acquire().next();
    yield createTask(() => lock.acquire(), { name: "locked" });
    yield createTask(
      function* parent() {
        yield* createTask(forever, { name: "child" });
      },
      { name: "parent" },
    );
  });
  await show();

  await eventually(() => expect(names()).toContain("child"));
  expect(rowOf("locked")?.textContent).toContain("Lock 1");
  expect(rowOf("child")?.getAttribute("aria-level")).toBe("2");
  expect(one('[role="treegrid"]').getAttribute("aria-rowcount")).toBe(String(rows().length));
});

test("the inspector explains that a page can't read line numbers unless the loop is in debug mode", async () => {
  await start(() => waiting("one"));
  await show();
  await eventually(() => expect(one(".limits").textContent).toContain("setDebug(true)"));

  loop.setDebug(true);
  await eventually(() => expect(one(".limits").textContent).not.toContain("setDebug"));
});

test("the inspector shows names with markup as text", async () => {
  const name = '<img src="x" onerror="window.isHacked = true"><b id="injected">';
  await start(() => waiting(name));
  for (const panel of ["timeline", "timers", "waits", "locks", "warnings"]) {
    inspector.setAttribute("panel", panel);
    await show();
    await eventually(() => expect(names()).toContain(name));
  }
  rowOf(name)?.click();

  await eventually(() => expect(one(".detail h3").textContent).toBe(name));
  expect(all("img, #injected")).toEqual([]);
  expect("isHacked" in window).toBe(false);
});

test("the inspector pauses the loop between two turns, and runs one turn at a time", async () => {
  let steps = 0;
  await start(function* () {
    yield createTask(
      function* () {
        for (;;) {
          steps++;
          yield;
        }
      },
      { name: "busy" },
    );
  });
  await show();
  await eventually(() => expect(buttonOf("Pause")).toBeDefined());

  buttonOf("Pause").click();
  await hostTasks(20);
  const paused = steps;
  await hostTasks(20);
  expect(steps).toBe(paused);
  await eventually(() => expect(one(".lane").textContent).toContain("busy"));

  buttonOf("Step").click();
  await hostTasks(20);
  expect(steps).toBe(paused + 1);
  press(one(".inspector"), ".");
  await hostTasks(20);
  expect(steps).toBe(paused + 2);

  press(one(".inspector"), " ");
  await eventually(() => expect(steps).toBeGreaterThan(paused + 3));
});

test("the inspector filters tasks by text and by state, and keeps the tasks that await a match", async () => {
  await start(function* () {
    yield* waiting("alpha", "beta");
    yield createTask(
      function* () {
        yield* createTask(forever, { name: "gamma" });
      },
      { name: "above" },
    );
  });
  await show();
  await eventually(() => expect(names()).toContain("gamma"));
  const search = one<HTMLInputElement>('input[type="search"]');

  press(one(".inspector"), "/");
  expect(root().activeElement).toBe(search);
  search.value = "gam";
  search.dispatchEvent(new Event("input"));
  expect(names()).toEqual(["above", "gamma"]);

  press(search, "Escape");
  expect(names()).toContain("alpha");
  buttonOf("running").click();
  expect(names()).toEqual([]);
  buttonOf("running").click();
  expect(names()).toContain("alpha");
});

test("the keyboard moves through the inspector's tree", async () => {
  await start(function* () {
    yield createTask(
      function* () {
        yield* createTask(forever, { name: "child" });
      },
      { name: "parent" },
    );
    yield* waiting("last");
  });
  await show();
  await eventually(() => expect(names()).toContain("child"));
  const tree = one('[role="treegrid"]');
  const current = () => {
    const id = tree.getAttribute("aria-activedescendant");
    return id === null ? undefined : root().getElementById(id)?.querySelector("b")?.textContent;
  };

  press(tree, "End");
  expect(current()).toBe("last");
  press(tree, "ArrowUp");
  expect(current()).toBe("child");
  press(tree, "ArrowLeft");
  expect(current()).toBe("parent");
  press(tree, "ArrowLeft");
  expect(names()).not.toContain("child");
  press(tree, "ArrowRight");
  press(tree, "ArrowRight");
  expect(current()).toBe("child");
  expect(one(".detail h3").textContent).toBe("child");
  press(tree, "Escape");
  expect(all(".detail")).toEqual([]);
});

test("the inspector draws tasks that wait for each other in red, and names the cycle", async () => {
  await start(function* () {
    const tasks: Task<unknown>[] = [];
    const awaitTask = (at: number) =>
      function* () {
        yield* endOf(tasks[at] as Task<unknown>);
      };
    tasks.push(createTask(awaitTask(1), { name: "left" }));
    tasks.push(createTask(awaitTask(0), { name: "right" }));
    yield* tasks;
  });
  inspector.setAttribute("panel", "waits");
  await show();

  await eventually(() => expect(all(".node.stuck")).toHaveLength(2));
  expect(one(".deadlock").textContent).toBe("Deadlock: left → right → left");
});

test("the inspector resumes the loop and removes its hooks when the element is removed", async () => {
  await start(() => waiting("one"));
  await show();
  await eventually(() => expect(names()).toContain("one"));
  buttonOf("Pause").click();
  await eventually(() => expect(buttonOf("Resume")).toBeDefined());
  const external = loop._external;
  expect(loop._slots.hooks).toBeDefined();

  inspector.remove();
  expect(loop._slots.hooks).toBeUndefined();
  expect(loop._external).toBe(external - 1);
  expect(Object.hasOwn(loop._turns, "run")).toBe(false);
  expect(Object.hasOwn(loop._core, "deadline")).toBe(false);
});

test("the inspector keeps only a few of 10,000 rows in the document, and reuses them in the next reading", async () => {
  shortenPauses();
  await start(function* () {
    for (let i = 0; i < 10_000; i++) yield createTask(forever, { name: `task ${i}` });
  });
  await show();
  await eventually(() => expect(rows().length).toBeGreaterThan(5));
  const tree = one('[role="treegrid"]');
  expect(tree.getAttribute("aria-rowcount")).toBe("10001");
  expect(rows().length).toBeLessThan(60);
  expect(all("*").length).toBeLessThan(1_000);

  const frames: number[] = [];
  const before = new Map(rows().map((row) => [row.id, row]));
  let rebuilt = 0;
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) rebuilt += addedNodes.length;
  });
  observer.observe(one(".rows"), { childList: true });
  const readings = countReadings();
  for (let last = performance.now(); readings() < 4; ) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  observer.disconnect();
  expect(rebuilt).toBe(0);
  for (const row of rows()) expect(row).toBe(before.get(row.id));
  const middle = frames.toSorted((a, b) => a - b)[frames.length >> 1]?.toFixed(1);
  const worst = Math.max(...frames).toFixed(1);
  console.log(`10,000 tasks: a frame takes ${middle} ms (median), at most ${worst} ms`);

  tree.scrollTop = 26 * 5_000;
  await eventually(() => expect(names().join()).toContain("task 49"));
  expect(rows().length).toBeLessThan(60);
});

/** Makes the inspector read again soon, although it would pause ten times as long as it reads. */
function shortenPauses(): void {
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (callback: () => void, delay = 0) =>
    setTimeout(callback, Math.min(delay, 100)),
  );
  onTestFinished(() => void vi.unstubAllGlobals());
}

/** Counts the readings from now on: each one changes the curves. */
function countReadings(): () => number {
  const curve = one(".metric path");
  let count = 0;
  const observer = new MutationObserver(() => count++);
  observer.observe(curve, { attributeFilter: ["d"] });
  return () => {
    for (const _ of observer.takeRecords()) count++;
    return count;
  };
}

test("the inspector shows the data of a given source, and asks it to cancel a task", async () => {
  const source = new FakeSource(
    snapshotOf([taskOf(7, "elsewhere", { waitsFor: waitFor("Lock 9") })]),
  );
  await start(() => waiting("in the page"));
  inspector.setAttribute("allow-cancel", "");
  inspector.source = source;
  await show();

  await eventually(() => expect(names()).toEqual(["elsewhere"]));
  expect(rowOf("elsewhere")?.textContent).toContain("Lock 9");
  expect(buttonOf("Pause")).toBeUndefined();
  rowOf("elsewhere")?.click();
  buttonOf("Cancel this task").click();
  expect(source.cancelled).toEqual([7]);

  inspector.remove();
  expect(source.isClosed).toBe(true);
});

test("the inspector shows no button for a cancellation that its source can't request", async () => {
  await start(() => waiting("in the page"));
  inspector.setAttribute("allow-cancel", "");
  await show();
  await eventually(() => expect(names()).toContain("in the page"));
  rowOf("in the page")?.click();
  await eventually(() => expect(one(".detail h3").textContent).toBe("in the page"));
  expect(buttonOf("Cancel this task")).toBeUndefined();
});

test("the inspector shows why a source can't be read, and recovers once it can be", async () => {
  const source = new FakeSource(new Error("The process has ended"));
  await start(() => waiting("in the page"));
  inspector.source = source;
  await show();
  await eventually(() => expect(one(".failure").textContent).toBe("The process has ended"));

  source.answer = snapshotOf([taskOf(1, "back")]);
  await eventually(() => expect(names()).toEqual(["back"]));
  expect(one(".failure").textContent).toBe("");
});

test("the inspector shows a new source once the reading of the previous one has ended", async () => {
  await start(() => waiting("in the page"));
  const silent = new FakeSource(snapshotOf([]));
  let answer: (() => void) | undefined;
  silent.read = () =>
    new Promise((resolve) => {
      answer = () => resolve({ loops: [], snapshot: snapshotOf([taskOf(1, "late")]) });
    });
  inspector.source = silent;
  await show();
  await eventually(() => expect(answer).toBeDefined());

  inspector.source = new FakeSource(snapshotOf([taskOf(2, "next")]));
  expect(silent.isClosed).toBe(true);
  answer?.();
  await eventually(() => expect(names()).toEqual(["next"]));
});

test("an inspector in the page's markup reads its source once", async () => {
  await start(() => waiting("in the page"));
  const paths: string[] = [];
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (address) => {
    paths.push(String(address));
    const answer = String(address).includes("snapshot") ? snapshotOf([taskOf(1, "remote")]) : [];
    return new Response(JSON.stringify(answer));
  });
  try {
    const holder = document.createElement("div");
    document.body.append(holder);
    holder.innerHTML = '<mysyncio-inspector src="http://inspected"></mysyncio-inspector>';
    inspector = holder.firstChild as MysyncioInspector;
    await eventually(() => expect(names()).toEqual(["remote"]));
    expect(paths[0]).toBe("http://inspected/api/snapshot?task=0");
    // The timeline is recorded from the first reading on.
    expect(paths.filter((path) => path.includes("snapshot"))).toHaveLength(1);
    holder.remove();
  } finally {
    spy.mockRestore();
  }
});

test("the inspector looks for warnings once their panel is shown", async () => {
  await start(function* () {
    const tasks: Task<unknown>[] = [];
    const awaitTask = (at: number) =>
      function* () {
        yield* endOf(tasks[at] as Task<unknown>);
      };
    tasks.push(createTask(awaitTask(1), { name: "left" }));
    tasks.push(createTask(awaitTask(0), { name: "right" }));
    yield* tasks;
  });
  await show();
  await eventually(() => expect(names()).toContain("left"));
  const count = loop._slots.hooks?.length ?? 0;

  inspector.setAttribute("panel", "warnings");
  expect(loop._slots.hooks?.length).toBe(count); // no recording any more, but a detector
  await eventually(() => expect(one(".warnings li").textContent).toContain("deadlock"));
  expect(one(".warnings .links").textContent).toContain("left");
});

test("the inspector sends the token to a server, and shows its loops and warnings", async () => {
  await start(() => waiting("in the page"));
  const requests: string[] = [];
  const warning = {
    ...{ id: "lock-convoy", message: "A queue", evidence: "9 tasks wait", place: "app.ts:3" },
    ...{ wayOut: "Hold it less", tasks: [{ id: 1, name: "remote" }], since: 0 },
  };
  const answers: Record<string, unknown> = {
    "/api/snapshot?task=0": snapshotOf([taskOf(1, "remote")], { warnings: [warning] }),
  };
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (address, options) => {
    const path = String(address).replace("http://inspected", "");
    const token = new Headers(options?.headers).get("Authorization");
    requests.push(`${options?.method} ${path} ${token}`);
    return new Response(JSON.stringify(answers[path] ?? []));
  });
  try {
    inspector.setAttribute("src", "http://inspected/");
    inspector.setAttribute("token", "secret");
    inspector.setAttribute("panel", "warnings");
    await show();
    await eventually(() => expect(names()).toEqual(["remote"]));
    expect(one(".warnings li").textContent).toContain("9 tasks wait");
    expect(requests).toContain("GET /api/snapshot?task=0 Bearer secret");
    inspector.remove();
  } finally {
    spy.mockRestore();
  }
});

/** Waits for `count` macrotasks, in which a loop takes its turns unless it is paused. */
async function hostTasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve));
}
