// A value that was read before a suspension is outdated after it.

import { createTask, gather, Lock } from "../../../src/index.ts";
import { type Animal, check } from "./animal.ts";

/** Reads a value, yields, and writes the value plus one. */
const lostUpdate: Animal = {
  shows: "an update is lost",
  *program(isFixed) {
    let count = 0;
    function* increment() {
      const old = count;
      if (isFixed) count = old + 1;
      yield;
      if (!isFixed) count = old + 1;
    }
    yield* gather([increment(), increment()]);
    check(count === 2, "an update is lost");
  },
};

/** Checks that there is enough, yields, and takes it. */
const checkThenAct: Animal = {
  shows: "the account is overdrawn",
  *program(isFixed) {
    let balance = 100;
    function* withdraw(amount: number) {
      if (balance < amount) return;
      yield; // asks the bank
      if (isFixed && balance < amount) return;
      balance -= amount;
    }
    yield* gather([withdraw(80), withdraw(70)]);
    check(balance >= 0, "the account is overdrawn");
  },
};

/**
 * Takes from one account, yields, and adds to the other. Anyone who counts meanwhile sees less than
 * there is.
 */
const dirtyRead: Animal = {
  shows: "money is missing",
  *program(isFixed) {
    const lock = new Lock();
    const accounts = { a: 50, b: 50 };
    function* transfer() {
      if (isFixed) yield* lock.acquire();
      accounts.a -= 10;
      yield;
      accounts.b += 10;
      if (isFixed) lock.release();
    }
    function* audit() {
      yield;
      yield;
      if (isFixed) yield* lock.acquire();
      check(accounts.a + accounts.b === 100, "money is missing");
      if (isFixed) lock.release();
    }
    yield* gather([transfer(), audit()]);
  },
};

/** Checks whether something was created, and creates it, which takes a while. */
const madeTwice: Animal = {
  shows: "2 connections",
  *program(isFixed) {
    let made = 0;
    let connection: object | undefined;
    const lock = new Lock();
    function* connect() {
      if (isFixed) yield* lock.acquire();
      if (connection === undefined) {
        yield;
        made++;
        connection = {};
      }
      if (isFixed) lock.release();
    }
    function* user(delay: number) {
      for (let i = 0; i < delay; i++) yield;
      yield* connect();
    }
    yield* gather([user(0), user(3)]);
    check(made === 1, `${made} connections`);
  },
};

/**
 * Takes an equal value for the same object, although the object was removed and replaced meanwhile.
 */
const aba: Animal = {
  shows: "a foreign entry is overwritten",
  *program(isFixed) {
    let entry = { value: "A", version: 1, owner: "first" };
    function* refresh() {
      const seen = entry;
      yield; // computes
      yield;
      const isSame = isFixed ? entry === seen : entry.value === seen.value;
      if (!isSame) return;
      check(entry.owner === seen.owner, "a foreign entry is overwritten");
      entry = { ...entry, value: "C" };
    }
    function* others() {
      yield;
      yield;
      entry = { value: "B", version: 2, owner: "first" };
      yield;
      entry = { value: "A", version: 3, owner: "second" };
    }
    yield* gather([refresh(), others()]);
  },
};

/** Iterates a list by index while another task removes items from it. */
const skipped: Animal = {
  shows: "was not visited",
  *program(isFixed) {
    const list = ["a", "b", "c"];
    const visited = new Set<string>();
    const visit = isFixed ? [...list] : list;
    function* visitAll() {
      for (const item of visit) {
        visited.add(item);
        yield;
      }
    }
    function* removeFirst() {
      yield;
      yield;
      yield;
      yield;
      list.shift();
    }
    yield* gather([visitAll(), removeFirst()]);
    for (const item of "abc") check(visited.has(item), `${item} was not visited`);
  },
};

/**
 * Writes the contents of a buffer, and then empties it, including everything that arrived
 * meanwhile.
 */
const flushed: Animal = {
  shows: "of 2 lines",
  *program(isFixed) {
    let buffer: string[] = [];
    const written: string[] = [];
    function* flush() {
      const lines = buffer;
      if (isFixed) buffer = [];
      yield; // writes
      written.push(...lines.slice());
      if (!isFixed) buffer = [];
    }
    function* log() {
      buffer.push("first");
      for (let i = 0; i < 3; i++) yield;
      buffer = [...buffer, "second"];
    }
    const logging = createTask(log());
    yield* gather([flush(), logging]);
    yield* flush();
    check(written.length === 2, `${written.length} of 2 lines were written`);
  },
};

export const updates = {
  "a lost update": lostUpdate,
  "check, then act": checkThenAct,
  "a dirty read": dirtyRead,
  "something created twice": madeTwice,
  "ABA in a cache": aba,
  "a list changed during iteration": skipped,
  "a buffer flushed too late": flushed,
};
