// A task that catches every error also catches its cancellation, and continues.

import { type Coroutine, createTask, run, sleep } from "mysyncio";

function* poll(): Coroutine<void> {
  for (;;) {
    try {
      yield* sleep(100);
    } catch {
      // Try again.
    }
  }
}

await run(function* main() {
  const poller = createTask(poll(), { name: "poller" });
  yield* sleep(10);
  poller.cancel();
  yield* poller;
});
