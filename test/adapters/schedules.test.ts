// A handler whose client disconnects, in many orders: it releases what it holds, and serves the
// other clients.

import { expect, test } from "vitest";
import { toHandler } from "../../src/fetch.ts";
import { type Coroutine, fromPromise, gather, Lock, sleep, taskGroup } from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";

/** Returns the program whose second client disconnects after `when` milliseconds. */
const disconnecting = (when: number) => () => main(when);

function* main(when: number): Coroutine<void> {
  const lock = new Lock();
  let inside = 0;
  const handler = toHandler(function* (request) {
    return yield* lock.with(function* () {
      expect(++inside).toBe(1);
      try {
        yield* taskGroup(function* (group) {
          group.createTask(sleep(2));
        });
        return new Response(null, { headers: { path: new URL(request.url).pathname } });
      } finally {
        try {
          yield* sleep(1);
        } finally {
          inside--;
        }
      }
    });
  });
  const left = new AbortController();
  const request = (path: string, signal?: AbortSignal) =>
    fromPromise(handler(new Request(`http://localhost${path}`, signal && { signal })));

  const answers = yield* gather([
    request("/a"),
    request("/b", left.signal),
    request("/c"),
    (function* () {
      yield* sleep(when);
      left.abort();
    })(),
  ]);

  const lines = answers.flatMap((answer) =>
    answer === undefined ? [] : [`${answer.status} ${answer.headers.get("path") ?? ""}`],
  );
  expect([
    ["200 /a", "200 /b", "200 /c"],
    ["200 /a", "499 ", "200 /c"],
  ]).toContainEqual(lines);
  expect([inside, lock.locked()]).toEqual([0, false]);
}

// The client disconnects before the handler starts, while it waits for the lock, in the lock's
// block, and while it cleans up.
test.each([0, 1, 3, 4, 5, 6, 7])(
  "a disconnect after %i ms releases everything the handler held, in any order of steps",
  async (when) => {
    await explore(disconnecting(when), { runs: scale(20, 300) });
  },
);
