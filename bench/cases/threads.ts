import { fileURLToPath } from "node:url";
import { type Coroutine, gather, newEventLoop, ThreadExecutor, toThread } from "mysyncio/node";
import { Piscina } from "piscina";
import type { Case, Comparison } from "../harness/compare.ts";
import { built } from "../harness/paths.ts";
import type { add } from "../programs/threadTasks.ts";
import { count, sized } from "../sizes.ts";

const CALLS = sized(3_200);
const THREADS = 2;
const TASKS = built("bench/programs/threadTasks");
/** The bundler moves modules, so this refers to the module that threads can load. */
const task = { url: TASKS, name: "add" } as unknown as typeof add;

const loop = newEventLoop();
loop.setDefaultExecutor(new ThreadExecutor({ maxThreads: THREADS }));

function* call(times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* toThread(task, i, 1);
}

let pool: Piscina | undefined;

async function callPiscina(width: number): Promise<void> {
  pool ??= new Piscina({
    filename: fileURLToPath(TASKS),
    minThreads: THREADS,
    maxThreads: THREADS,
  });
  const piscina = pool;
  const callAll = async () => {
    for (let i = 0; i < CALLS / width; i++) await piscina.run([i, 1]);
  };
  await Promise.all(Array.from({ length: width }, callAll));
}

function row(width: number): Comparison {
  return {
    what: `${count(CALLS)} calls, ${width === 1 ? "one after the other" : `${width} at a time`}`,
    operations: CALLS,
    ours: {
      name: "toThread",
      run: () =>
        loop.runUntilComplete(() =>
          gather(Array.from({ length: width }, () => call(CALLS / width))),
        ),
    },
    others: [{ name: "piscina.run", run: () => callPiscina(width), atMost: 1.15 }],
  };
}

export default {
  name: "threads",
  question: "What does a function call in another thread cost, compared with Piscina itself?",
  comparisons: [row(1), row(2), row(64)],
} satisfies Case;
