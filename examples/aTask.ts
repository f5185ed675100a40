// A task runs without being awaited. Awaiting it returns its coroutine's result.

import { type Coroutine, createTask, run, sleep } from "mysyncio";

function* world(): Coroutine<string> {
  yield* sleep(1000);
  return "... world";
}

await run(function* () {
  const task = createTask(world());
  console.log("hello ...");
  console.log(yield* task);
});
