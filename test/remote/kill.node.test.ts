import type { Worker } from "node:worker_threads";
import { beforeAll, expect, test } from "vitest";
import { provideExposing, type RemoteTicket } from "../../src/loop/exposing.ts";
import { exposureOf } from "../../src/remote/exposure.ts";
import { run } from "../../src/run.ts";
import { startThread } from "../support/thread.node.ts";
import { killWorkers, VICTIM, type Victim } from "./kill.ts";

const PROGRAM = `
  import { parentPort, workerData } from "node:worker_threads";
  import { newEventLoop } from "./src/eventLoop.ts";
  import { provideExposing } from "./src/loop/exposing.ts";
  import { provideInlets } from "./src/loop/hosts/blocking.ts";
  import { portInlets } from "./src/loop/hosts/ports.ts";
  import { exposureOf } from "./src/remote/exposure.ts";
  import { connectRemote } from "./src/remote/remote.ts";
  import { sleep } from "./src/tasks/sleep.ts";
  provideExposing(exposureOf);
  provideInlets(portInlets);
  const main = connectRemote(workerData);
  ${VICTIM}
  parentPort.postMessage(loop.remote());
`;
const HOW = {
  "runs as a guest": "await loop.runForever();",
  "is blocked": "loop.runForeverSync();",
};

beforeAll(() => provideExposing(exposureOf));

test.each(Object.entries(HOW))(
  "all calls from and to a worker that %s end when it is terminated, 100 times",
  { timeout: 240_000 },
  async (what, how) => {
    const start = (main: RemoteTicket): Promise<Victim> => {
      const thread: Worker = startThread(PROGRAM + how, { workerData: main });
      return new Promise((resolve, reject) => {
        thread.once("message", (ticket: RemoteTicket) => {
          resolve({ ticket, terminate: () => thread.terminate() });
        });
        thread.once("error", reject);
      });
    };
    const { answered, lost } = await run(() => killWorkers(100, start));
    console.log(`100 times a worker that ${what} was killed: ${answered} answers, ${lost} lost`);

    expect(answered).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  },
);
