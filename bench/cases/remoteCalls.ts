import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Remote as ComlinkRemote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { type Coroutine, connectRemote, gather, type Remote, run } from "mysyncio/node";
import type { Case, Comparison } from "../harness/compare.ts";
import { built } from "../harness/paths.ts";
import { count, sized } from "../sizes.ts";

const CALLS = sized(6_400);
const THREAD = built("bench/programs/callThread");

interface Adder {
  add(a: number, b: number): number;
}

const workers: Worker[] = [];

function start(how: string): Worker {
  const worker = new Worker(THREAD, { workerData: how });
  workers.push(worker);
  return worker;
}

/** One caller: makes `times` calls, one after the other. */
function* call(remote: Remote, times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* remote.call("add", i, 1);
}

let ticket: Promise<unknown> | undefined;

function ours(width: number): () => Promise<unknown> {
  return async () => {
    ticket ??= once(start("mysyncio"), "message").then(([message]) => message);
    const remote = connectRemote((await ticket) as never);
    await run(() => gather(Array.from({ length: width }, () => call(remote, CALLS / width))));
  };
}

let comlink: ComlinkRemote<Adder> | undefined;

function byComlink(width: number): () => Promise<unknown> {
  return async () => {
    comlink ??= wrap<Adder>(nodeEndpoint(start("comlink")));
    const { add } = comlink;
    const callAll = async () => {
      for (let i = 0; i < CALLS / width; i++) await add(i, 1);
    };
    await Promise.all(Array.from({ length: width }, callAll));
  };
}

let bare: ((a: number, b: number) => Promise<number>) | undefined;

/** The obvious hand-written version: a message with a number, and a map from numbers to waiters. */
function startBare(): (a: number, b: number) => Promise<number> {
  const worker = start("bare");
  const waiting = new Map<number, (value: number) => void>();
  let lastId = 0;
  worker.on("message", ([id, value]: [number, number]) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  return (a, b) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      worker.postMessage([lastId, a, b]);
    });
}

function byHand(width: number): () => Promise<unknown> {
  return async () => {
    bare ??= startBare();
    const add = bare;
    const callAll = async () => {
      for (let i = 0; i < CALLS / width; i++) await add(i, 1);
    };
    await Promise.all(Array.from({ length: width }, callAll));
  };
}

function row(width: number): Comparison {
  return {
    what: `${count(CALLS)} calls, ${width === 1 ? "one after the other" : `${width} at a time`}`,
    operations: CALLS,
    ours: { name: "remote.call", run: ours(width) },
    others: [
      { name: "postMessage", run: byHand(width), atLeast: 0.7 },
      { name: "Comlink", run: byComlink(width), atLeast: 1 },
    ],
  };
}

export default {
  name: "remoteCalls",
  question: "What does a call to another thread and back cost?",
  comparisons: [row(1), row(64)],
  close: () => Promise.all(workers.map((worker) => worker.terminate())),
} satisfies Case;
