// `yield*` runs another coroutine to its end like a call, while other tasks take their turns.

import { type Coroutine, coroutine, gather, run } from "mysyncio";

const say = coroutine(function* (word: string): Coroutine<string> {
  for (let times = 0; times < 3; times++) {
    console.log(word);
    yield;
  }
  return `${word}, three times`;
});

const introduce = coroutine(function* (): Coroutine<void> {
  yield* say("Introducing");
  yield* say("Hello");
  yield* say("World");
});

function* tick(): Coroutine<void> {
  for (let times = 0; times < 9; times++) {
    console.log("  tick");
    yield;
  }
}

await run(function* () {
  yield* gather([introduce(), tick()]);
});

// A coroutine is a generator, so it can also be driven by hand, without a loop.
const steps = say("By hand");
console.log(steps.next());
console.log(steps.next());
console.log(steps.next());
console.log(steps.next());
