// One task computes without a pause, so nothing else runs: no timer, no request, no heartbeat.

import { type Coroutine, gather, run, sleep } from "mysyncio";

function* heartbeat(): Coroutine<void> {
  for (;;) {
    yield* sleep(1_000);
    console.log("alive");
  }
}

function* countPrimes(limit: number): Coroutine<number> {
  yield* sleep(10);
  let primes = 0;
  for (let n = 2; n < limit; n++) {
    let isPrime = true;
    for (let divisor = 2; divisor < n; divisor++) isPrime &&= n % divisor !== 0;
    if (isPrime) primes++;
  }
  return primes;
}

await run(function* main() {
  yield* gather([heartbeat(), countPrimes(1e9)]);
});
