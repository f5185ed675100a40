// A future is a result that does not exist yet. One task waits for it, and another one sets it.

import { type Coroutine, createTask, type Future, getRunningLoop, run, sleep } from "mysyncio";

function* setAfter(future: Future<string>, delay: number, value: string): Coroutine<void> {
  yield* sleep(delay);
  future.setResult(value);
}

await run(function* () {
  const future = getRunningLoop().createFuture<string>();
  createTask(setAfter(future, 1000, "... world"));
  console.log("hello ...");
  console.log(yield* future);
});
