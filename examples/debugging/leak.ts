// Each request starts a heartbeat, which outlives the request.

import { type Coroutine, createTask, run, sleep } from "mysyncio";

function* heartbeat(): Coroutine<void> {
  for (;;) yield* sleep(60_000);
}

function* handle(): Coroutine<void> {
  createTask(heartbeat());
  yield* sleep(1);
}

await run(function* main() {
  for (let request = 0; request < 100; request++) yield* handle();
  yield* sleep(Infinity); // no more requests for now
});
