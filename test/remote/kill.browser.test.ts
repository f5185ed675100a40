import { beforeAll, expect, test } from "vitest";
import { run } from "../../src/index.ts";
import { installPlatform, type RemoteTicket } from "../../src/loop/platform.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { scale } from "../support/effort.ts";
import { killWorkers, VICTIM, type Victim } from "./kill.ts";

const TIMES = scale(10, 40);
const PARTS = JSON.stringify(new URL("../../build/workers/workerParts.js", import.meta.url).href);
const PROGRAM = URL.createObjectURL(
  new Blob(
    [
      `import {
        connectRemote, installPlatform, newEventLoop, remoteServerOf, sleep
      } from ${PARTS};
      installPlatform({ remotePort: remoteServerOf });
      onmessage = async ({ data }) => {
        const main = connectRemote(data);
        ${VICTIM}
        postMessage(loop.remote());
        await loop.runForever();
      };
      postMessage("ready");`,
    ],
    { type: "text/javascript" },
  ),
);

beforeAll(() => installPlatform({ remotePort: remoteServerOf }));

test("all calls from and to a worker end when it is terminated", {
  timeout: 240_000,
}, async () => {
  const start = (main: RemoteTicket): Promise<Victim> => {
    const worker = new Worker(PROGRAM, { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data === "ready") worker.postMessage(main);
        else resolve({ ticket: data as RemoteTicket, terminate: () => worker.terminate() });
      };
      worker.onerror = reject;
    });
  };
  const { answered, lost } = await run(() => killWorkers(TIMES, start));
  console.log(`${TIMES} times a browser's worker was killed: ${answered} answers, ${lost} lost`);

  expect(answered).toBeGreaterThan(0);
  expect(lost).toBeGreaterThan(0);
});
