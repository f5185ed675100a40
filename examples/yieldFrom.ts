// `yield*` runs another coroutine to its end as if it were a call, and others take their turns meanwhile.

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

// No loop is needed to step a coroutine: it is a generator, and can be driven by hand.
const steps = say("By hand");
console.log(steps.next());
console.log(steps.next());
console.log(steps.next());
console.log(steps.next());
