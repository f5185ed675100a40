// Terminates workers at random moments, while they call and are called. Each call must end.

import { expect } from "vitest";
import {
  ALL_COMPLETED,
  allTasks,
  type Coroutine,
  createTask,
  type Future,
  fromPromise,
  getRunningLoop,
  sleep,
  taskGroup,
  wait,
} from "../../src/index.ts";
import type { RemoteTicket } from "../../src/loop/platform.ts";
import { connectRemote } from "../../src/remote/remote.ts";
import { RemoteLostError } from "../../src/remote/remoteError.ts";

/**
 * The program of a worker, after it has made `main` from its ticket: it exposes a loop, and calls
 * without end.
 */
export const VICTIM = `
  const loop = newEventLoop();
  loop.expose({ echo: (value) => value, *nap(ms) { yield* sleep(ms); } });
  for (const name of ["echo", "nap"]) {
    loop.createTask(function* () {
      for (;;) { yield* main.call(name, 1); yield* sleep(0.5); }
    });
  }
`;

export interface Victim {
  readonly ticket: RemoteTicket;
  terminate(): unknown;
}

/** How many workers run at once. */
const AT_ONCE = 4;
/** The longest life, in milliseconds from the start of the worker. */
const LONGEST_LIFE = 60;

/**
 * Starts and kills `times` workers. Returns how many calls were answered, and how many were lost.
 */
export function* killWorkers(
  times: number,
  start: (main: RemoteTicket) => Promise<Victim>,
): Coroutine<{ readonly answered: number; readonly lost: number }> {
  const loop = getRunningLoop();
  loop.expose({
    echo: (value: unknown) => value,
    *nap(delay: number): Coroutine<void> {
      yield* sleep(delay);
    },
  });
  const resources = loop._resources.size;
  const external = loop._external;
  let left = times;
  let answered = 0;
  let lost = 0;
  yield* taskGroup(function* (group) {
    for (let i = 0; i < AT_ONCE; i++) {
      group.createTask(function* () {
        while (left-- > 0) {
          // Every other worker lives until it has answered, however busy the machine is.
          const answers = left % 2 === 0;
          const calls = yield* killOne(yield* fromPromise(start(loop.remote())), answers);
          for (const call of calls) {
            const error = call.exception();
            if (error === undefined) answered++;
            else if (error instanceof RemoteLostError) lost++;
            else throw error;
          }
        }
      });
    }
    yield;
  });
  // The calls of the terminated workers are cancelled, and their connections are closed.
  for (let patience = 500; patience > 0 && allTasks(loop).size > 1; patience--) yield* sleep(10);
  expect(Array.from(allTasks(loop), (task) => task.getName())).toHaveLength(1);
  expect([loop._resources.size, loop._external]).toEqual([resources, external]);
  return { answered, lost };
}

function* killOne({ ticket, terminate }: Victim, answers: boolean): Coroutine<Future<unknown>[]> {
  const remote = connectRemote(ticket);
  const calls: Future<unknown>[] = [];
  if (answers) {
    const first = remote.call("echo", "first");
    calls.push(first);
    yield* first;
  }
  const caller = createTask(function* () {
    for (;;) {
      calls.push(remote.call("echo", calls.length), remote.call("nap", Math.random() * 20));
      yield* sleep(Math.random() * 3);
    }
  });
  yield* sleep(Math.random() * LONGEST_LIFE);
  terminate();
  // Some calls are made when it is already dead.
  yield* sleep(Math.random() * 3);
  caller.cancel();
  yield* wait(calls, { returnWhen: ALL_COMPLETED });
  return calls;
}
