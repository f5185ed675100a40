// Must not compile: the compiler must name the fix.

import { type Coroutine, createTask, run, sleep } from "mysyncio";

export function* a(): Coroutine<void> {
  yield sleep(1);
}
run(function* () {
  yield Promise.resolve(1);
});
createTask(function* () {
  yield sleep(1);
});
