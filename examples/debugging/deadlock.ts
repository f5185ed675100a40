// Two transfers lock the same accounts, each in its own order.

import { type Coroutine, gather, Lock, run, sleep } from "mysyncio";

function* transfer(from: Lock, to: Lock): Coroutine<void> {
  yield* from.acquire();
  yield* sleep(10);
  yield* to.acquire();
  to.release();
  from.release();
}

await run(function* main() {
  const [alice, bob] = [new Lock(), new Lock()];
  yield* gather([transfer(alice, bob), transfer(bob, alice)]);
});
