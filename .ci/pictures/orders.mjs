// The program in the picture of the inspector: orders are taken, charged and packed.

import {
  coroutine,
  createTask,
  gather,
  Lock,
  newEventLoop,
  Queue,
  Semaphore,
  sleep,
} from "mysyncio";
import { MysyncioInspector } from "mysyncio/inspector/element";

/** The orders come in this rhythm, so that every picture is alike. */
const PAUSES = [12, 31, 5, 48, 22, 9, 37];
const WORKERS = 6;

const orders = /** @type {Queue<string>} */ (new Queue(8));
const ledger = new Lock();
const tables = new Semaphore(3);
const cellar = new Lock();
const attic = new Lock();

const charge = coroutine(function* charge() {
  yield* ledger.with(() => sleep(38));
});

const pack = coroutine(function* pack() {
  yield* tables.with(() => sleep(170));
});

const work = coroutine(function* work() {
  for (;;) {
    const order = yield* orders.get();
    yield* gather([
      createTask(charge, { name: `charge ${order}` }),
      createTask(pack, { name: `pack ${order}` }),
    ]);
  }
});

const takeOrders = coroutine(function* takeOrders() {
  for (let i = 0; ; i++) {
    yield* orders.put(`#${1_001 + i}`);
    yield* sleep(PAUSES[i % PAUSES.length] ?? 0);
  }
});

const pulse = coroutine(function* pulse() {
  for (;;) {
    yield* sleep(24);
    for (let i = 0; i < 3; i++) yield;
  }
});

/** Two of these wait for each other. @type {(first: Lock, second: Lock) => Generator} */
const move = coroutine(function* move(first, second) {
  yield* first.acquire();
  yield* sleep(20);
  yield* second.acquire();
});

const main = coroutine(function* main() {
  createTask(takeOrders, { name: "take orders" });
  for (let i = 1; i <= WORKERS; i++) createTask(work, { name: `worker ${i}` });
  createTask(() => move(cellar, attic), { name: "carry up" });
  createTask(() => move(attic, cellar), { name: "carry down" });
  for (let i = 1; i <= 3; i++) createTask(pulse, { name: `pulse ${i}` });
  yield* sleep(3_600_000);
});

const inspector = new MysyncioInspector();
inspector.setAttribute("fill", "");
document.body.append(inspector);
// After the inspector has begun to count, so that it knows who created each task.
const loop = newEventLoop();
const isDebugged = new URLSearchParams(location.search).has("debug");
loop.setDebug(isDebugged);
loop.runUntilComplete(function* () {
  yield* sleep(600);
  yield* main();
});
