// A sleeping task takes no turns, and does not delay the others.

import { type Coroutine, gather, run, sleep } from "mysyncio";

function* rest(): Coroutine<void> {
  console.log("Good night");
  yield* sleep(1000);
  console.log("Good morning, a second later");
}

function* work(): Coroutine<void> {
  for (const number of [1, 2, 3]) {
    yield* sleep(200);
    console.log("Work", number);
  }
}

await run(function* () {
  yield* gather([rest(), work()]);
});
