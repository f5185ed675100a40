import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  ContextVar,
  DeadlockError,
  type EventLoop,
  LookupError,
  newEventLoop,
  RuntimeError,
  run,
  sleep,
} from "../../src/index.ts";
import { Selector } from "../../src/io/selector.ts";
import { WatchedSources } from "../../src/io/sources.ts";
import { installPlatform } from "../../src/loop/platform.ts";
import { caught } from "../support/caught.ts";
import { hostTimer } from "../support/host.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";
import { BOTH, Level, READ, WRITE } from "./level.ts";

let loop: EventLoop;
let source: Level;
let trace: string[];

beforeAll(() => {
  installPlatform({ sources: (scheduler) => new WatchedSources(scheduler, new Selector()) });
});

beforeEach(() => {
  loop = newVirtualLoop();
  source = new Level();
  trace = [];
});

/** Runs turns until nothing is ready any more. */
function runOut(): void {
  expect(() => loop.runForeverSync()).toThrow(DeadlockError);
}

function trail(letter: string): void {
  trace.push(letter);
}

/** Like `trail`, and also takes the source's data. */
function taking(letter: string): void {
  trace.push(letter);
  source.take();
}

test("a turn runs what was ready, then the selector's callbacks, then due timers", () => {
  loop.addReader(source, taking, "source");
  loop.callSoon(() => {
    trace.push("first");
    source.ready = READ;
    loop.callSoon(trail, "soon");
    loop.callLater(0, trail, "timer");
  });
  runOut();
  expect(trace).toEqual(["first", "soon", "source", "timer"]);
});

test("a reader's callback is called in each turn until the source is read", () => {
  let left = 3;
  loop.addReader(source, () => {
    trace.push("read");
    if (--left === 0) source.take();
    loop.callSoon(trail, "|");
  });
  source.ready = READ;
  runOut();
  expect(trace.join(" ")).toBe("read | read | read |");
});

test("the reader and the writer of a source are each called for their own event, the reader first", () => {
  loop.addWriter(source, trail, "w");
  loop.addReader(source, trail, "r");
  const ends = ["", "W", "R", "RW"];
  for (const ready of [READ, WRITE, BOTH]) {
    loop.callSoon(() => {
      trace.push(ends[ready] ?? "");
      source.ready = ready;
      loop.callSoon(() => source.take());
    });
    runOut();
  }
  expect(trace.join(" ")).toBe("W r R w RW r w");
});

test("a second reader replaces the first, even in the turn in which the source is ready", () => {
  loop.addReader(source, taking, "old");
  loop.callSoon(() => {
    source.ready = READ;
    // The callback of the old one is appended in the next turn, behind this one.
    loop.callSoon(() => loop.addReader(source, taking, "new"));
  });
  runOut();
  expect(trace).toEqual(["new"]);
});

test("a removed reader is no longer called, even if it was ready", () => {
  loop.addReader(source, taking, "r");
  loop.callSoon(() => {
    source.ready = READ;
    loop.callSoon(() => trace.push(String(loop.removeReader(source))));
  });
  runOut();
  expect(trace).toEqual(["true"]);
  expect([source.watchers, loop._external, loop.removeReader(source)]).toEqual([0, 0, false]);
});

test("removing the reader keeps the writer", () => {
  loop.addReader(source, trail, "r");
  loop.addWriter(source, taking, "w");
  loop.removeReader(source);
  source.ready = BOTH;
  runOut();
  expect(trace).toEqual(["w"]);
  expect([loop.removeWriter(source), loop.removeWriter(source)]).toEqual([true, false]);
});

test("a callback that throws is reported by name, and is called again", () => {
  const reports = collectReports(loop);
  let calls = 0;
  loop.addReader(source, function readIt() {
    if (++calls === 2) source.take();
    throw new Error(`${calls}`);
  });
  source.ready = READ;
  runOut();
  expect(reports.map(({ exception }) => String(exception))).toEqual(["Error: 1", "Error: 2"]);
  expect(reports[0]?.message).toContain("readIt");
});

test("a poll that throws is reported, and the loop continues", () => {
  const reports = collectReports(loop);
  const other = new Level();
  loop.addReader(source, trail, "never");
  loop.addReader(other, () => {
    trace.push("other");
    other.take();
  });
  source.poll = () => {
    throw new Error("broken");
  };
  other.ready = READ;
  runOut();
  expect(trace).toEqual(["other"]);
  expect(reports).toEqual([
    {
      message: "A watched source threw an exception: `Level` (object)",
      exception: new Error("broken"),
    },
  ]);
});

test("a callback runs in the context in which addReader was called", () => {
  const variable = new ContextVar<string>("variable");
  loop.callSoon(() => {
    variable.set("inside");
    loop.addReader(source, () => taking(variable.get()));
    variable.set("later");
  });
  source.ready = READ;
  runOut();
  expect(trace).toEqual(["inside"]);
});

test("a source wakes a sleeping loop, and a virtual clock waits for it", async () => {
  const result = await run(
    function* () {
      const running = loop;
      const future = running.createFuture<string>();
      running.addReader(source, () => {
        running.removeReader(source);
        future.setResult("read");
      });
      hostTimer(5).then(() => {
        source.ready = READ;
      });
      const timer = running.callLater(1000, () => trace.push("jumped"));
      try {
        return yield* future;
      } finally {
        timer.cancel();
      }
    },
    { loop },
  );
  expect([result, trace]).toEqual(["read", []]);
});

test("a loop whose watched sources are not ready stays asleep", async () => {
  loop = newEventLoop();
  await run(
    function* () {
      loop.addReader(source, trail, "r");
      yield* sleep(20);
      loop.removeReader(source);
    },
    { loop },
  );
  expect(source.polls).toBe(1);
});

test("addReader rejects a source that is registered directly on the loop's selector", () => {
  const { selector } = loop;
  if (!(selector instanceof Selector)) throw new Error("No selector");
  selector.register(source, READ, "mine");
  expect(caught(() => loop.addReader(source, trail, "r"))).toBeInstanceOf(LookupError);
  expect(loop.removeReader(source)).toBe(false);
  expect(selector.getKey(source).data).toBe("mine");
});

test("closing the loop stops watching its sources", () => {
  loop.addReader(source, trail, "r");
  loop.close();
  expect(source.watchers).toBe(0);
  expect(loop.removeReader(source)).toBe(false);
  expect(caught(() => loop.addReader(source, trail, "r"))).toBeInstanceOf(RuntimeError);
});

test.each([
  ["an invalid callback", () => loop.addReader(source, 1 as never)],
  ["an invalid source", () => loop.addReader({}, trail, "r")],
  ["an invalid source for a writer", () => loop.addWriter(undefined, trail, "r")],
])("addReader or addWriter throws a TypeError for %s", (_, action) => {
  expect(caught(action)).toBeInstanceOf(TypeError);
  expect(loop._external).toBe(0);
});

test("a source that cannot be released is reported, and the loop still closes", () => {
  const reports = collectReports(loop);
  const stubborn = {
    poll: () => 0,
    watch: () => () => {
      throw new Error("stubborn");
    },
  };
  loop.addReader(stubborn, trail, "a");
  loop.addReader(source, trail, "b");
  loop.close();
  expect(reports.map(({ exception }) => String(exception))).toEqual(["Error: stubborn"]);
  expect([source.watchers, loop._resources.size]).toEqual([0, 0]);
});

test("a source that cannot be released is still removed", () => {
  const reports = collectReports(loop);
  const stubborn = {
    poll: () => 0,
    watch: () => () => {
      throw new Error("stubborn");
    },
  };
  loop.addReader(stubborn, trail, "a");
  expect([loop.removeReader(stubborn), loop.removeReader(stubborn)]).toEqual([true, false]);
  expect([reports.length, loop._external]).toEqual([1, 0]);
});
