import { beforeAll, beforeEach, expect, test } from "vitest";
import { type EventLoop, newEventLoop } from "../../src/eventLoop.ts";
import { Selector } from "../../src/io/selector.ts";
import { WatchedSources } from "../../src/io/sources.ts";
import { ContextVar } from "../../src/loop/context.ts";
import { DeadlockError, LookupError, RuntimeError } from "../../src/loop/errors.ts";
import { provideSources } from "../../src/loop/readiness.ts";
import { run } from "../../src/run.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { caught } from "../support/caught.ts";
import { hostTimer } from "../support/host.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";
import { BOTH, Level, READ, WRITE } from "./level.ts";

let loop: EventLoop;
let source: Level;
let trace: string[];

beforeAll(() => {
  provideSources((scheduler) => new WatchedSources(scheduler, new Selector()));
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

/** As `trail`, and takes what the source has. */
function taking(letter: string): void {
  trace.push(letter);
  source.take();
}

test("in a turn come what was ready, then what the selector tells, then the timers that are due", () => {
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

test("the callback is called in each turn until the source is read from", () => {
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

test("reader and writer of one source are called each for its event, the reader first", () => {
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

test("a second reader takes the place of the first, also in the turn in which that is ready", () => {
  loop.addReader(source, taking, "old");
  loop.callSoon(() => {
    source.ready = READ;
    // The callback of the old one is appended in the next turn, behind this.
    loop.callSoon(() => loop.addReader(source, taking, "new"));
  });
  runOut();
  expect(trace).toEqual(["new"]);
});

test("a reader that is removed is not called any more, also if it was ready", () => {
  loop.addReader(source, taking, "r");
  loop.callSoon(() => {
    source.ready = READ;
    loop.callSoon(() => trace.push(String(loop.removeReader(source))));
  });
  runOut();
  expect(trace).toEqual(["true"]);
  expect([source.watchers, loop._external, loop.removeReader(source)]).toEqual([0, 0, false]);
});

test("to remove the reader leaves the writer", () => {
  loop.addReader(source, trail, "r");
  loop.addWriter(source, taking, "w");
  loop.removeReader(source);
  source.ready = BOTH;
  runOut();
  expect(trace).toEqual(["w"]);
  expect([loop.removeWriter(source), loop.removeWriter(source)]).toEqual([true, false]);
});

test("a callback that throws is reported by its name, and called again", () => {
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

test("a poll that throws is reported, and the loop goes on", () => {
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
      message: "An exception in a source that is watched: `Level` (object)",
      exception: new Error("broken"),
    },
  ]);
});

test("a callback runs in the context of addReader", () => {
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

test("a sleeping loop is woken by a source, and a virtual clock waits for it", async () => {
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
      const timer = running.callLater(1000, () => trace.push("leapt"));
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

test("a loop that is idle with sources watched is not kept busy", async () => {
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

test("a source that somebody registered at the loop's selector is not taken over", () => {
  const { selector } = loop;
  if (!(selector instanceof Selector)) throw new Error("No selector");
  selector.register(source, READ, "mine");
  expect(caught(() => loop.addReader(source, trail, "r"))).toBeInstanceOf(LookupError);
  expect(loop.removeReader(source)).toBe(false);
  expect(selector.getKey(source).data).toBe("mine");
});

test("closing the loop ends the watching", () => {
  loop.addReader(source, trail, "r");
  loop.close();
  expect(source.watchers).toBe(0);
  expect(loop.removeReader(source)).toBe(false);
  expect(caught(() => loop.addReader(source, trail, "r"))).toBeInstanceOf(RuntimeError);
});

test.each([
  ["a callback that is none", () => loop.addReader(source, 1 as never)],
  ["a source that is none", () => loop.addReader({}, trail, "r")],
  ["a writer's source that is none", () => loop.addWriter(undefined, trail, "r")],
])("throws a TypeError for %s", (_, action) => {
  expect(caught(action)).toBeInstanceOf(TypeError);
  expect(loop._external).toBe(0);
});

test("a source that cannot be let go is reported, and the loop closes all the same", () => {
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

test("a source that cannot be let go is removed all the same", () => {
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
