// Which tasks a call graph reports as awaiting a task. One file, because all cases read the same
// kind of graph.

import { afterEach, describe, expect, test, vi } from "vitest";
import {
  asCompleted,
  type Coroutine,
  captureCallGraph,
  coroutine,
  createTask,
  currentTask,
  Event,
  type Future,
  type FutureCallGraph,
  formatCallGraph,
  formatTaskTree,
  gather,
  getRunningLoop,
  Lock,
  mapConcurrent,
  newEventLoop,
  printCallGraph,
  Queue,
  race,
  runSync,
  Semaphore,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

function inLoop(main: () => Coroutine<unknown>, debug = false): void {
  runSync(main, { clock: new VirtualClock(), debug });
}

function namesOf(graph: FutureCallGraph | undefined): unknown[] {
  if (graph === undefined) return [];
  const name = (graph.future as Task<unknown>).getName?.() ?? "a future";
  return graph.awaitedBy.length === 0 ? [name] : [name, ...graph.awaitedBy.map(namesOf)];
}

/**
 * Starts the tasks that wait for `event`, captures the result of `see` and lets all of them end.
 */
function* seenDuring(event: Event, see: () => void): Coroutine<void> {
  yield* sleep(1);
  see();
  event.set();
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the awaiters in a call graph", () => {
  test.each<[string, (leaf: Task<unknown>) => Coroutine<unknown>]>([
    ["directly", (leaf) => waitFor(leaf, null)],
    ["through gather", (leaf) => on(() => gather([sleep(2), leaf]))],
    ["through a gather of gathers", (leaf) => on(() => gather([gather([leaf]), sleep(2)]))],
    ["through a shield", (leaf) => on(() => shield(leaf))],
    ["through wait", (leaf) => wait([leaf])],
    ["through race", (leaf) => race([leaf, sleep(9)])],
    ["through a timeout", (leaf) => timeout(9, () => waitFor(leaf, null))],
    ["through asCompleted", (leaf) => all(asCompleted([leaf]))],
  ])("are found %s", (_, awaiting) => {
    let names: unknown[] = [];
    inLoop(function* () {
      const event = new Event();
      const leaf = createTask(event.wait(), { name: "leaf" });
      const task = createTask(awaiting(leaf), { name: "caller" });
      yield* seenDuring(event, () => {
        names = namesOf(captureCallGraph(leaf));
      });
      yield* task;
    });

    expect(names).toEqual(["leaf", ["caller"]]);
  });

  test("include the parent of a group's task, even while the parent runs the group's body", () => {
    const seen: unknown[][] = [];
    inLoop(function* () {
      const event = new Event();
      yield* taskGroup(function* (group) {
        const leaf = group.createTask(event.wait(), { name: "leaf" });
        const capture = () => seen.push(namesOf(captureCallGraph(leaf)));
        getRunningLoop().callLater(2, () => {
          capture();
          event.set();
        });
        currentTask()?.setName("parent");
        yield* sleep(1);
        capture();
      });
    });

    expect(seen).toEqual([
      ["leaf", ["parent"]],
      ["leaf", ["parent"]],
    ]);
  });

  test("include the task that calls mapConcurrent", () => {
    let names: unknown[] = [];
    inLoop(function* () {
      currentTask()?.setName("mapper");
      yield* mapConcurrent([1], function* () {
        currentTask()?.setName("leaf");
        yield;
        names = namesOf(captureCallGraph());
      });
    });

    expect(names).toEqual(["leaf", ["mapper"]]);
  });

  test("are all tasks that await the captured task, each with its own awaiters", () => {
    let names: unknown[] = [];
    inLoop(function* () {
      const event = new Event();
      const leaf = createTask(event.wait(), { name: "leaf" });
      const a = createTask(waitFor(leaf, null), { name: "a" });
      const b = createTask(
        on(() => gather([leaf])),
        { name: "b" },
      );
      const top = createTask(
        on(() => gather([a, b])),
        { name: "top" },
      );
      yield* seenDuring(event, () => {
        names = namesOf(captureCallGraph(leaf));
      });
      yield* top;
    });

    expect(names).toEqual(["leaf", ["a", ["top"]], ["b", ["top"]]]);
  });

  test("are not followed again if tasks await each other", () => {
    let names: unknown[] = [];
    inLoop(function* () {
      const a: Task<unknown> = createTask(() => on(() => b), { name: "a" });
      const b: Task<unknown> = createTask(() => on(() => a), { name: "b" });
      yield* sleep(1);
      names = namesOf(captureCallGraph(a));
      expect(formatCallGraph(a)).toContain('* Task "a", shown above');
      a.cancel();
      yield* wait([a, b]);
    });

    expect(names).toEqual(["a", ["b", ["a"]]]);
  });

  test("are found for a plain future too", () => {
    inLoop(function* () {
      const future = getRunningLoop().createFuture<void>();
      const task = createTask(() => on(() => future), { name: "caller" });
      yield* sleep(1);
      const graph = captureCallGraph(future);
      future.setResult();
      yield* task;

      expect(graph?.callStack).toEqual([]);
      expect(namesOf(graph)).toEqual(["a future", ["caller"]]);
    });
  });

  test("are found in very long and very wide graphs of awaiting tasks", () => {
    inLoop(function* () {
      const event = new Event();
      let last: Task<unknown> = createTask(event.wait());
      const leaf = last;
      for (let i = 0; i < 1_000; i++) {
        const pair = [last, last].map((inner) => createTask(waitFor(inner, null)));
        last = createTask(on(() => gather(pair)));
      }
      yield* sleep(1);
      let depth = 0;
      for (let graph = captureCallGraph(leaf); graph; graph = graph.awaitedBy[0]) depth++;
      expect(depth).toBe(2_001);
      expect(formatCallGraph(leaf).split("\n").length).toBeLessThan(1_000);
      event.set();
      yield* last;
    });
  });
});

function* on<T>(make: () => Future<T>): Coroutine<T> {
  return yield* make();
}

function* all(coros: Iterable<Coroutine<unknown>>): Coroutine<void> {
  for (const next of coros) yield* next;
}

const inner = coroutine(function* inner(event: Event): Coroutine<void> {
  yield* event.wait();
});
function* plain(event: Event): Coroutine<void> {
  yield* inner(event);
}
const outer = coroutine(function* outer(event: Event): Coroutine<void> {
  yield* plain(event);
});

describe("the call stack of a task", () => {
  test("lists every function in debug mode, the innermost first, with its location", () => {
    inLoop(function* () {
      const event = new Event();
      const task = createTask(outer(event));
      yield* seenDuring(event, () => {
        const stack = captureCallGraph(task)?.callStack ?? [];
        const names = stack.map(({ functionName }) => functionName.replace(/\d$/, ""));

        expect(names).toEqual(["inner", "plain", "outer"]);
        for (const { location } of stack) expect(location).toMatch(/callGraph\S+:\d+:\d+$/);
      });
      yield* task;
    }, true);
  });

  test("has at most `limit` entries", () => {
    inLoop(function* () {
      const event = new Event();
      const task = createTask(outer(event));
      yield* seenDuring(event, () => {
        const stack = captureCallGraph(task, { limit: 2 })?.callStack ?? [];
        expect(stack.map(({ functionName }) => functionName.replace(/\d$/, ""))).toEqual([
          "inner",
          "plain",
        ]);
      });
      yield* task;
    }, true);
  });

  test("ends, for the running task, at the function that runs now", () => {
    const names: (readonly string[])[] = [];
    const capture = () => {
      const { callStack = [] } = captureCallGraph() ?? {};
      names.push(callStack.map(({ functionName }) => functionName.replace(/\d$/, "")));
    };
    const deep = coroutine(function* deep(): Coroutine<void> {
      capture();
      yield;
      capture();
    });
    const middle = coroutine(function* middle(): Coroutine<void> {
      yield* deep();
      capture();
    });
    inLoop(function* () {
      yield* createTask(middle());
    }, true);

    expect(names).toEqual([
      ["capture", "deep", "middle"],
      ["capture", "deep", "middle"],
      ["capture", "middle"],
    ]);
  });

  test("has the names of decorated functions without debug mode", () => {
    inLoop(function* () {
      const task = createTask(
        coroutine(function* known(): Coroutine<void> {
          yield* sleep(5);
        }),
      );
      yield* sleep(1);
      expect(captureCallGraph(task)?.callStack).toContainEqual({
        functionName: "known",
        location: undefined,
      });
      yield* task;
    });
  });
});

describe("formatting", () => {
  test("formatCallGraph writes a line for each function and each task", () => {
    inLoop(function* () {
      const event = new Event();
      const leaf = createTask(inner(event), { name: "leaf" });
      const caller = createTask(
        on(() => gather([leaf])),
        { name: "caller" },
      );
      yield* seenDuring(event, () => {
        const text = formatCallGraph(leaf)
          .replace(/\(.*\)/g, "(...)")
          .replace(/(inner|on)\d /g, "$1 ");
        expect(text).toBe(
          [
            '* Task "leaf"',
            "  + Call stack:",
            "  |   at inner (...)",
            "  + Awaited by:",
            '    * Task "caller"',
            "      + Call stack:",
            "      |   at on (...)",
          ].join("\n"),
        );
      });
      yield* caller;
    }, true);
  });

  test("printCallGraph writes a call graph to the console", () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
    inLoop(function* () {
      currentTask()?.setName("main");
      printCallGraph();
    });

    expect(written.mock.calls[0]?.[0]).toMatch(/^\* Task "main"/);
  });

  test("a task tree shows each task below those that await it, and the holders of locks", () => {
    let tree = "";
    inLoop(function* () {
      currentTask()?.setName("main");
      const lock = new Lock();
      const event = new Event();
      function* work(): Coroutine<void> {
        yield* lock.acquire();
        yield* event.wait();
        lock.release();
      }
      const a = createTask(work(), { name: "a" });
      const b = createTask(work(), { name: "b" });
      createTask(new Queue().get(), { name: "apart" });
      const semaphore = new Semaphore(0);
      createTask(semaphore.acquire(), { name: "permit" });
      createTask(waitFor(b, null), { name: "too" });
      getRunningLoop().callLater(1, () => {
        tree = formatTaskTree();
        event.set();
      });
      yield* gather([a, b]);
    });
    const lines = tree.split("\n").map((line) => line.replace(/ at .*/, ""));

    expect(lines).toEqual([
      'Task "main" waits for Gather of Task "a" and Task "b"',
      '├── Task "a" waits for Event 1',
      '└── Task "b" waits for Lock 2 held by Task "a"',
      'Task "apart" waits for an item from Queue 3',
      'Task "permit" waits for Semaphore 4',
      'Task "too" waits for Task "b"',
      '└── Task "b", shown above',
    ]);
  });

  test("a task tree shows tasks that await each other, and the running task", () => {
    inLoop(function* () {
      currentTask()?.setName("main");
      const a: Task<unknown> = createTask(() => on(() => b), { name: "a" });
      const b: Task<unknown> = createTask(() => on(() => a), { name: "b" });
      yield* sleep(1);
      const lines = formatTaskTree()
        .split("\n")
        .map((line) => line.replace(/ at .*/, ""));
      a.cancel();
      yield* wait([a, b]);

      expect(lines).toEqual([
        'Task "main" is running',
        'Task "a" waits for Task "b"',
        '└── Task "b" waits for Task "a"',
        '    └── Task "a", shown above',
      ]);
    });
  });
});

describe("outside tasks", () => {
  test("captureCallGraph() returns undefined, and formatCallGraph() an empty string", () => {
    expect([captureCallGraph(), formatCallGraph()]).toEqual([undefined, ""]);
  });

  test("any task's call graph and any loop's task tree are available", () => {
    const loop = newEventLoop({ clock: new VirtualClock() });
    const task = loop.createTask(sleep(1), { name: "t" });

    expect(captureCallGraph(task)?.future).toBe(task);
    expect(formatTaskTree(loop)).toMatch(/^Task "t" waits for its turn/);
    expect(formatTaskTree(newEventLoop())).toBe("");
    loop.close();
  });

  test("invalid arguments are rejected", () => {
    expect(() => captureCallGraph(3 as never)).toThrow("`future`");
    expect(() => captureCallGraph(undefined, { limit: -1 })).toThrow("`limit`");
    expect(() => formatTaskTree({} as never)).toThrow("`loop`");
    expect(() => formatTaskTree()).toThrow("no");
  });
});

test("formatTaskTree throws an error that names it when no loop is running", () => {
  expect(() => formatTaskTree()).toThrow("formatTaskTree() needs an event loop");
});
