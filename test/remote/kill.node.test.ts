import type { Worker } from "node:worker_threads";
import { beforeAll, expect, test } from "vitest";
import { run } from "../../src/index.ts";
import { installPlatform, type RemoteTicket } from "../../src/loop/platform.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { scale } from "../support/effort.ts";
import { startThread } from "../support/thread.node.ts";
import { killWorkers, VICTIM, type Victim } from "./kill.ts";

const PROGRAM = `
  import { parentPort, workerData } from "node:worker_threads";
  import { newEventLoop } from "./src/program/eventLoop.ts";
  import { installPlatform } from "./src/loop/platform.ts";
  import { portInput } from "./src/loop/hosts/ports.ts";
  import { remoteServerOf } from "./src/remote/remoteServer.ts";
  import { connectRemote } from "./src/remote/remote.ts";
  import { sleep } from "./src/tasks/sleep.ts";
  installPlatform({ remotePort: remoteServerOf, blockingInput: portInput });
  const main = connectRemote(workerData);
  ${VICTIM}
  parentPort.postMessage(loop.remote());
`;
const TIMES = scale(8, 100);
const HOW = {
  "runs as a guest": "await loop.runForever();",
  "is blocked": "loop.runForeverSync();",
};

beforeAll(() => installPlatform({ remotePort: remoteServerOf }));

test.each(Object.entries(HOW))(
  "all calls from and to a worker that %s end when it is terminated",
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
    const { answered, lost } = await run(() => killWorkers(TIMES, start));
    console.log(
      `${TIMES} times a worker that ${what} was killed: ${answered} answers, ${lost} lost`,
    );

    expect(answered).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  },
);
