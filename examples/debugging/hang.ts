// Three workers take jobs from a queue, forever. The program never ends, although all jobs are done.

import { type Coroutine, gather, Queue, run, sleep } from "mysyncio";

const jobs = new Queue<number>();

function* worker(): Coroutine<void> {
  for (;;) {
    const job = yield* jobs.get();
    yield* sleep(job);
  }
}

await run(function* main() {
  for (let job = 0; job < 9; job++) jobs.putNowait(job);
  yield* gather([worker(), worker(), worker()]);
  console.log("All jobs are done.");
});
