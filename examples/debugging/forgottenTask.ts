// Each request is answered, but its e-mail waits forever, and nobody waits for the e-mail.

import { type Coroutine, createTask, Event, run, sleep } from "mysyncio";

function* sendMail(): Coroutine<void> {
  const isAccepted = new Event(); // the mail server would set it
  yield* isAccepted.wait();
}

function* signUp(): Coroutine<void> {
  createTask(sendMail(), { name: "welcome mail" });
  yield* sleep(1);
}

await run(function* main() {
  for (;;) {
    yield* createTask(signUp(), { name: "POST /users" });
    yield* sleep(200);
  }
});
