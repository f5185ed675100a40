// A task runs on its own from the moment it is made; awaiting it gives what its coroutine returns.

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
