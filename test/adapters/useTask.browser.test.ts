// Coroutines in components, rendered by React itself.

import { act, createElement, type ReactNode, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  currentTask,
  type EventLoop,
  type ExceptionContext,
  type Future,
  newEventLoop,
  setEventLoop,
} from "../../src/index.ts";
import { type ComponentTask, useTask } from "../../src/react.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let loop: EventLoop;
let root: Root;
let page: HTMLElement;
let trace: string[];
let answers: Map<string, Future<string>>;
let reports: ExceptionContext[];
/** What the component got when it was last rendered. */
let last: ComponentTask<string>;
/** The status and the id of each rendering. */
let renderings: string[];

beforeEach(() => {
  loop = newEventLoop();
  setEventLoop(loop);
  reports = [];
  loop.setExceptionHandler((_, report) => reports.push(report));
  page = document.createElement("div");
  root = createRoot(page);
  trace = [];
  renderings = [];
  answers = new Map();
});

afterEach(async () => {
  await act(() => root.unmount());
  setEventLoop(undefined);
  expect(reports).toEqual([]);
});

/** Waits for the reply that the test sends, and traces its start and end. */
function* load(id: string): Coroutine<string> {
  trace.push(`load ${id}`);
  const answer = loop.createFuture() as Future<string>;
  answers.set(id, answer);
  try {
    return yield* answer;
  } finally {
    if (answer.cancelled()) trace.push(`cancelled ${id}`);
  }
}

function User({ id, body = load }: { id: string; body?: (id: string) => Coroutine<string> }) {
  last = useTask(() => body(id), [id]);
  renderings.push(`${id}: ${last.status}`);
  return `${id}: ${last.status}, ${last.value ?? last.error}, latest ${last.latest}`;
}

const user = (id: string, body?: (id: string) => Coroutine<string>): ReactNode =>
  createElement(User, body === undefined ? { id } : { id, body });

/** Performs `change`, then lets the loop and React finish everything that follows from it. */
async function settle(change: () => void): Promise<void> {
  await act(async () => {
    change();
    // Several short delays, because a busy machine may end a single long one before anything else
    // has run.
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 2));
  });
}

const show = (node: ReactNode) => settle(() => root.render(node));
const answer = (id: string, text: string) => settle(() => answers.get(id)?.setResult(text));

test("useTask runs its task when mounted, and renders the value", async () => {
  await show(user("a"));
  const before = page.textContent;
  await answer("a", "Ada");

  expect(before).toBe("a: pending, undefined, latest undefined");
  expect(page.textContent).toBe("a: fulfilled, Ada, latest Ada");
  expect(trace).toEqual(["load a"]);
});

test("useTask cancels the task when a dependency changes, and never shows an earlier dependency's value", async () => {
  await show(user("a"));
  await answer("a", "Ada");
  await show(user("b"));
  await show(user("c"));
  await answer("c", "Cyd");

  expect(trace).toEqual(["load a", "load b", "cancelled b", "load c"]);
  expect(renderings).not.toContain("b: fulfilled");
  expect(renderings).toContain("b: pending");
  expect(page.textContent).toBe("c: fulfilled, Cyd, latest Cyd");
});

test("useTask keeps the task running when the component renders again with the same dependencies", async () => {
  await show(user("a"));
  await show(user("a"));
  await answer("a", "Ada");
  await show(user("a"));

  expect(trace).toEqual(["load a"]);
});

test("useTask shows the last value as `latest` while the next one is pending", async () => {
  await show(user("a"));
  await answer("a", "Ada");
  await show(user("b"));

  expect(page.textContent).toBe("b: pending, undefined, latest Ada");
});

test("useTask cancels the task when the component is unmounted", async () => {
  await show(user("a"));
  await show(null);

  expect(trace).toEqual(["load a", "cancelled a"]);
});

test("useTask starts a single task in StrictMode, and cancels it when the component is unmounted", async () => {
  await show(createElement(StrictMode, null, user("a")));
  await answer("a", "Ada");
  await show(createElement(StrictMode, null, user("b")));
  await show(null);

  expect(trace).toEqual(["load a", "load b", "cancelled b"]);
});

test("useTask renders the error of its task", async () => {
  await show(user("a"));
  await settle(() => answers.get("a")?.setException(new RangeError("no user")));

  expect(page.textContent).toBe("a: rejected, RangeError: no user, latest undefined");
});

test("useTask restarts and cancels the task on request", async () => {
  await show(user("a"));
  await settle(() => last.cancel());
  const cancelled = page.textContent;
  await settle(() => last.restart());
  await answer("a", "Ada");
  await settle(() => last.restart());
  const again = page.textContent;
  await answer("a", "Eve");

  expect(cancelled).toBe("a: cancelled, undefined, latest undefined");
  expect(again).toBe("a: pending, undefined, latest Ada");
  expect(page.textContent).toBe("a: fulfilled, Eve, latest Eve");
  expect(trace).toEqual(["load a", "cancelled a", "load a", "load a"]);
});

test("useTask shows the status of a task that cancels itself", async () => {
  await show(
    user("a", function* () {
      currentTask()?.cancel();
      yield;
      return "never";
    }),
  );

  expect(last.status).toBe("cancelled");
});

test("useTask reports an error that the task throws while it cleans up", async () => {
  await show(
    user("a", function* (id) {
      try {
        return yield* load(id);
      } catch (cause) {
        throw new RangeError("no clean-up", { cause });
      }
    }),
  );
  await show(null);

  expect(reports.splice(0)).toEqual([
    {
      message: "The task of a component failed after it had been cancelled",
      exception: new RangeError("no clean-up"),
    },
  ]);
});

test.each([
  [[42, []], "Expected `body` to be a function, got `42` (number)"],
  [[load], "Expected `dependencies` to be an array, got `undefined`"],
])("useTask rejects invalid arguments %#", async (args, message) => {
  const Broken = () => useTask(...(args as unknown as Parameters<typeof useTask>)).status;

  await expect(show(createElement(Broken))).rejects.toThrow(new TypeError(message));
});
