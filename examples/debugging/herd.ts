// Each item wakes two hundred tasks. One takes it, and the others find nothing.

import { Condition, type Coroutine, createTask, run, sleep } from "mysyncio";

const items: number[] = [];
const changed = new Condition();

function* consumer(): Coroutine<void> {
  for (;;) {
    yield* changed.acquire();
    while (items.length === 0) yield* changed.wait();
    items.pop();
    changed.release();
    yield* sleep(1); // use the item
  }
}

await run(function* main() {
  for (let i = 0; i < 200; i++) createTask(consumer());
  for (let item = 1; ; item++) {
    yield* sleep(50);
    yield* changed.acquire();
    items.push(item);
    changed.notifyAll(); // notify() would wake one
    changed.release();
  }
});
