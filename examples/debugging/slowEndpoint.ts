// Every request needs the only connection to the database, and one query is slow.

import { type Coroutine, createTask, gather, run, Semaphore, sleep } from "mysyncio";

const connections = new Semaphore(1);

function* query(duration: number): Coroutine<void> {
  yield* connections.acquire();
  try {
    yield* sleep(duration);
  } finally {
    connections.release();
  }
}

function* report(): Coroutine<void> {
  yield* query(3_600_000);
}

function* page(): Coroutine<void> {
  yield* query(5);
}

await run(function* main() {
  const requests = [createTask(report(), { name: "GET /report" })];
  for (let i = 1; i <= 20; i++) requests.push(createTask(page(), { name: `GET /page/${i}` }));
  yield* gather(requests);
});
