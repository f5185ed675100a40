import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { LookupError, RuntimeError } from "../../src/index.ts";
import { Selector } from "../../src/io/selector.ts";
import { caught } from "../support/caught.ts";
import { BOTH, Level, READ, WRITE } from "./level.ts";

let selector: Selector;
let a: Level;
let b: Level;

beforeEach(() => {
  selector = new Selector();
  a = new Level();
  b = new Level();
});

/** The sources that are ready now, by their data. */
function ready(): string {
  return selector
    .select()
    .map(([{ data }, events]) => `${data}${events}`)
    .join(" ");
}

test("select returns ready sources, in the order in which they became ready, until their data is taken", () => {
  selector.register(a, BOTH, "a");
  selector.register(b, READ, "b");
  expect(ready()).toBe("");
  b.ready = READ;
  a.ready = BOTH;
  expect(ready()).toBe("b1 a3");
  expect(ready()).toBe("b1 a3");
  b.take();
  expect(ready()).toBe("a3");
});

test("select returns a source that was already ready when it was registered", () => {
  a.ready = WRITE;
  selector.register(a, BOTH, "a");
  expect(ready()).toBe("a2");
});

test("select returns only the watched events", () => {
  a.ready = BOTH;
  selector.register(a, READ, "a");
  expect(ready()).toBe("a1");
  selector.modify(a, WRITE, "A");
  expect(ready()).toBe("A2");
});

test("select polls a source that isn't ready once, and then only after each notification", () => {
  selector.register(a, READ, "a");
  ready();
  ready();
  expect(a.polls).toBe(1);
  a.ready = READ;
  ready();
  ready();
  expect(a.polls).toBe(3);
});

test("register, modify, getKey and unregister return the key", () => {
  const key = { source: a, events: READ, data: "a" };
  const changed = { source: a, events: READ, data: "A" };
  expect(selector.register(a, READ, "a")).toEqual(key);
  expect(selector.getKey(a)).toEqual(key);
  expect(selector.modify(a, READ, "A")).toEqual(changed);
  expect([...selector.getMap()]).toEqual([[a, changed]]);
  expect(selector.unregister(a)).toEqual(changed);
  expect(selector.getMap().size).toBe(0);
});

test("an unregistered source is no longer watched or returned", () => {
  a.ready = READ;
  selector.register(a, READ, "a");
  selector.unregister(a);
  expect([ready(), a.watchers]).toEqual(["", 0]);
});

test("a map from getMap does not change later", () => {
  const map = selector.getMap();
  selector.register(a, READ);
  expect(map.size).toBe(0);
});

test.each([
  ["a source that is already registered", () => selector.register(a, READ), LookupError],
  ["an unknown source to modify", () => selector.modify(b, READ), LookupError],
  ["an unknown source to unregister", () => selector.unregister(b), LookupError],
  ["an unknown source to look up", () => selector.getKey(b), LookupError],
  ["no events", () => selector.register(b, 0), RangeError],
  ["unknown events", () => selector.register(b, 4), RangeError],
  ["unknown events to modify", () => selector.modify(a, 7), RangeError],
  ["an object that cannot be watched", () => selector.register({}, READ), TypeError],
  ["a select() that would wait", () => selector.select(1), RuntimeError],
  ["a select() that would wait forever", () => selector.select(null), RuntimeError],
  ["an invalid time", () => selector.select("soon" as never), TypeError],
])("the selector throws for %s", (_, action, Expected) => {
  selector.register(a, READ);
  expect(caught(action)).toBeInstanceOf(Expected);
  expect(selector.getMap().size).toBe(1);
});

test("a closed selector watches nothing, and its methods throw", () => {
  selector.register(a, READ);
  selector.close();
  selector.close();
  expect(a.watchers).toBe(0);
  const actions = [
    () => selector.register(b, READ),
    () => selector.modify(a, READ),
    () => selector.unregister(a),
    () => selector.select(),
    () => selector.getKey(a),
    () => selector.getMap(),
  ];
  for (const action of actions) expect(caught(action)).toBeInstanceOf(RuntimeError);
});

describe("a poll that throws", () => {
  test("makes select() throw, and the next select() polls the other sources as before", () => {
    const error = new Error("broken");
    selector.register(a, READ, "a");
    selector.register(b, READ, "b");
    b.ready = READ;
    a.poll = () => {
      throw error;
    };
    expect(caught(() => selector.select())).toBe(error);
    expect(ready()).toBe("b1");
  });
});

test("select returns the same as a model, for any sequence of operations", () => {
  const command = fc.record({
    what: fc.constantFrom("register", "unregister", "ready", "take", "select", "modify"),
    source: fc.nat(3),
    events: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const tested = new Selector();
      const levels = Array.from({ length: 4 }, () => new Level());
      const watched = new Map<number, number>();
      for (const { what, source, events } of commands) {
        const level = levels[source] as Level;
        if (what === "ready") level.ready = events;
        else if (what === "take") level.take();
        else if (what === "register" && !watched.has(source)) {
          tested.register(level, events, source);
          watched.set(source, events);
        } else if (what === "unregister" && watched.delete(source)) {
          tested.unregister(level);
        } else if (what === "modify" && watched.has(source)) {
          tested.modify(level, events, source);
          watched.set(source, events);
        }
        const told = new Map(tested.select().map(([key, ready]) => [key.data, ready]));
        const expected = new Map(
          [...watched]
            .map(([index, mask]): [number, number] => [index, levels[index]!.ready & mask])
            .filter(([, ready]) => ready > 0),
        );
        expect([...told].sort()).toEqual([...expected].sort());
      }
      expect(levels.map(({ watchers }) => watchers)).toEqual(
        levels.map((_, index) => Number(watched.has(index))),
      );
    }),
  );
});

test("a source whose watch() does not return a function is rejected", () => {
  const wrong = { poll: () => 0, watch: () => undefined };
  const error = caught(() => selector.register(wrong, READ)) as Error;
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain("`watch`");
  expect(selector.getMap().size).toBe(0);
});

test("a source that throws when it is released does not prevent the release of the others", () => {
  const stubborn = {
    poll: () => 0,
    watch: () => () => {
      throw new Error("stubborn");
    },
  };
  selector.register(stubborn, READ);
  selector.register(a, READ);
  expect(() => selector.close()).toThrow("stubborn");
  expect(a.watchers).toBe(0);
  selector.close();
});

test("select returns no source if polling a source closes the selector", () => {
  const closing = {
    poll: () => {
      selector.close();
      return READ;
    },
    watch: () => () => {},
  };
  a.ready = READ;
  selector.register(closing, READ, "closing");
  selector.register(a, READ, "a");
  expect(selector.select()).toEqual([]);
  expect(selector._hasCandidates()).toBe(false);
});
