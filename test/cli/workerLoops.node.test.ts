// Processes whose loops run in worker threads, prepared and not.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listeningPorts } from "../../src/inspector/node/processFacts.ts";
import type { TraceEvent } from "../../src/inspector.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { command, MAIN, PATIENCE, Programs } from "../support/commands.ts";

const programs = new Programs();
const REGISTER = new URL("../../dist/registerHelper.js", import.meta.url).href;
const WAYS: readonly (readonly [string, ...string[]])[] = [
  ["an unprepared process"],
  ["a prepared process", "--import", REGISTER],
];

/** A program with a loop in each of its workers, and `own` in the main thread. */
function workersProgram(names: readonly string[], own: string): string {
  return `import * as m from ${MAIN};
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
if (isMainThread) {
  const workers = ${JSON.stringify(names)}.map((name) =>
    new Worker(new URL(import.meta.url), { name, workerData: name }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  console.log("ready");
  ${own}
} else await m.run(function* main() {
  const queue = new m.Queue();
  for (let i = 0; i < 3; i++) m.createTask(function* receive() {
    yield* queue.get();
  }, { name: workerData });
  m.createTask(function* tick() {
    for (;;) yield* m.sleep(20);
  });
  yield* m.sleep(1);
  parentPort.postMessage("ready");
  yield* m.sleep(1e8);
});
`;
}

const IDLE = "setInterval(() => undefined, 1e6);";
const BUSY = "for (;;) ;";

describe.each(WAYS)("%s", (_way, ...options) => {
  const name = (kind: string) => `${kind}-${options.length}.mjs`;

  test("is read in its worker threads if its loops run there", {
    timeout: 2 * PATIENCE,
  }, async () => {
    const program = workersProgram(["one", "two"], BUSY);
    const pid = await programs.start(name("several"), program, ...options);
    const file = join(programs.folder, "workers.json");
    const list = await command("ps", pid);
    const titles = [...list.stdout.matchAll(/^loop 1 of worker (\d+) of process (\d+) /gm)];
    const threads = titles.map(([, thread]) => thread);
    const tree = await command("pstree", pid, "--json");
    const top = await command("top", pid, "--seconds", "1");
    const warnings = await command("warnings", pid, "--seconds", "0.1");
    const trace = await command("trace", pid, "--seconds", "0.5", "-o", file);
    const inspect = await command("inspect", pid);
    const one = await command("ps", `${pid}/two`);

    expect([list, tree, top, warnings, trace, one].map(({ stderr }) => stderr)).toEqual(
      new Array(6).fill(""),
    );
    expect(new Set(threads).size).toBe(2);
    expect(titles.map(([, , of]) => of)).toEqual([pid, pid]);
    expect(
      list.stdout.match(/3 × receive .*-\d\.mjs:12 +waits for an item from Queue 1/g),
    ).toHaveLength(2);
    expect(tree.stdout.match(/"coroutine": "tick"/g)).toHaveLength(2);
    for (const { stdout } of [top, warnings]) {
      for (const thread of threads)
        expect(stdout).toContain(`of worker ${thread} of process ${pid}`);
    }
    expect(inspect.code).toBe(1);
    expect(inspect.stderr).toContain(
      `run in its workers ${threads.join(", ")}. Name one of them, such as ${pid}/${threads[0]}\n`,
    );
    expect(one.stdout).toContain(`of worker ${threads[1]} of process ${pid}`);
    expect(one.stdout).not.toContain(`of worker ${threads[0]} `);
    const { traceEvents } = JSON.parse(readFileSync(file, "utf8")) as { traceEvents: TraceEvent[] };
    checkTrace(traceEvents);
    const names = traceEvents.flatMap(({ ph, args }) => (ph === "M" ? String(args?.["name"]) : []));
    for (const thread of threads) expect(names).toContain(`worker ${thread}: steps`);
    if (options.length > 0) expect(listeningPorts(Number(pid))).toEqual([]);
    expect(programs.children[0]?.exitCode).toBeNull();
  });

  test("exits at once while a command reads one of its workers, and the command ends too", {
    timeout: PATIENCE,
  }, async () => {
    const own = `process.stdin.once("data", () => process.exit(7)); ${IDLE}`;
    const pid = await programs.start(name("exiting"), workersProgram(["one"], own), ...options);
    const [child] = programs.children;
    const exited = once(child as NonNullable<typeof child>, "exit");
    const top = command("top", pid, "--seconds", "100000");
    await expect
      .poll(async () => (await command("ps", pid)).stdout, { timeout: PATIENCE })
      .toContain("3 × receive");
    child?.stdin?.write("exit");

    const [[code], { stderr }] = await Promise.all([exited, top]);

    expect(code).toBe(7);
    // On a busy machine, the command may attach only after the exit.
    expect(stderr).toMatch(/(The target|The worker|Process \d+) has ended|There is no process/);
  });

  test("can lose a worker while a command reads that worker, and its other workers are still read", {
    timeout: PATIENCE,
  }, async () => {
    const own = `process.stdin.once("data", () => workers[0].terminate()); ${IDLE}`;
    const program = workersProgram(["one", "two"], own);
    const pid = await programs.start(name("losing"), program, ...options);
    const [child] = programs.children;
    const before = await command("ps", pid);
    const top = command("top", pid, "--seconds", "4");
    child?.stdin?.write("end");
    const ended = await top;
    const after = await command("ps", pid);
    const threadsIn = ({ stdout }: typeof before) =>
      Array.from(stdout.matchAll(/of worker (\d+) of/g), ([, thread]) => thread);

    expect([before.stderr, ended.stderr, after.stderr]).toEqual(["", "", ""]);
    expect(threadsIn(before)).toHaveLength(2);
    expect(threadsIn(ended)).toContain(threadsIn(before)[1]);
    expect(threadsIn(after)).toEqual(threadsIn(before).slice(1));
    expect(child?.exitCode).toBeNull();
  });
});
