// Two tasks share one thread. They take turns, and switch only where they yield.

import { type Coroutine, gather, run } from "mysyncio";

function* count(name: string): Coroutine<void> {
  for (const number of [1, 2, 3]) {
    console.log(name, number);
    yield;
  }
}

await run(function* () {
  yield* gather([count("ping"), count("pong")]);
});
