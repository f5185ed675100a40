// The command `mysyncio warnings`, run against other processes.

import { expect, test } from "vitest";
import { command, MAIN, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();

const TROUBLED = `import * as m from ${MAIN};
const queue = new m.Queue();
const lock = new m.Lock();
const consume = m.coroutine(function* consume() {
  for (;;) {
    yield* queue.get();
    yield* m.sleep(50);
  }
});
const stubborn = m.coroutine(function* stubborn() {
  for (;;) {
    try {
      yield* m.sleep(20);
    } catch {}
  }
});
const queueUp = m.coroutine(function* queueUp() {
  for (;;) {
    yield* lock.acquire();
    yield* m.sleep(2);
    lock.release();
  }
});
await m.run(function* main() {
  m.createTask(consume);
  for (let i = 0; i < 8; i++) m.createTask(queueUp);
  const task = m.createTask(stubborn, { name: "<b>stubborn</b>" });
  yield* m.sleep(1);
  console.log("ready");
  // Begins only once the command looks for warnings.
  while (main.isWatched !== true) {
    yield* m.sleep(5);
    main.isWatched = m.getRunningLoop()._slots.hooks !== undefined;
  }
  yield* m.sleep(100);
  task.cancel();
  for (;;) {
    yield* m.sleep(2);
    for (let i = 0; i < 10; i++) queue.putNowait(i);
  }
});
`;

test("mysyncio warnings groups what is wrong, with lines, evidence and a suggested fix", {
  timeout: 5 * PATIENCE,
}, async () => {
  const pid = await programs.start("troubled.mjs", TROUBLED);
  let stdout = "";
  // On a busy machine, the lock is handed over too seldom for a convoy.
  await expect
    .poll(
      async () => {
        const ended = await command("warnings", pid, "--seconds", "6");
        expect(ended.stderr).toBe("");
        stdout = ended.stdout;
        return stdout;
      },
      { timeout: 3 * PATIENCE },
    )
    .toMatch(/^loop 1 of process \d+ \(.*troubled\.mjs\): 3 warnings in \d+\.\d s\n/);
  expect(stdout.match(/^[a-z-]+$/gm)).toEqual(["swallowed-cancel", "queue-growing", "lock-convoy"]);
  expect(stdout).toMatch(/at stubborn .*troubled\.mjs:13\n {4}tasks: <b>stubborn<\/b>\n/);
  expect(stdout).toMatch(/it grew from [\d,]+ to [\d,]+ items in \d\.\d s/);
  expect(stdout).toMatch(/at Queue 1, awaited in consume .*troubled\.mjs:\d/);
  expect(stdout).toMatch(/at Lock 1, awaited in .*queueUp .*troubled\.mjs:1[89]/);
  expect(stdout).toContain("fix: Give it a `maxsize`");
  expect(programs.children[0]?.exitCode).toBeNull();

  const json = JSON.parse((await command("warnings", pid, "--seconds", "5", "--json")).stdout);
  const ids = json.loops[0].warnings.map(({ id }: { id: string }) => id);
  expect(ids).toContain("lock-convoy");
  expect(json.loops[0].warnings[0]).toMatchObject({ wayOut: expect.any(String) });
});

test("mysyncio warnings reports nothing for a healthy process, and says so if a process is stuck", {
  timeout: 2 * PATIENCE,
}, async () => {
  const healthy = await programs.start("healthy.mjs", waitingProgram("yield* m.sleep(1e8);"));
  const stuck = await programs.start("stuck.mjs", waitingProgram("for (;;) ;"));
  const [none, some] = [
    await command("warnings", healthy, "--seconds", "3"),
    await command("warnings", stuck, "--seconds", "3"),
  ];

  expect(none.stdout).toMatch(/: no warnings in \d+\.\d s, with 22 tasks\n$/);
  expect(some.stdout).toMatch(
    /not-yielding\n {2}Task ".*" keeps the loop from running anything else\n.*its step has been running for \d+\.\d s\n {4}at main .*stuck\.mjs:19/,
  );
  expect(programs.children.map(({ exitCode }) => exitCode)).toEqual([null, null]);
});
