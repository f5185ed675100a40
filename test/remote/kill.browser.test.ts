import { beforeAll, expect, test } from "vitest";
import { provideExposing, type RemoteTicket } from "../../src/loop/exposing.ts";
import { exposureOf } from "../../src/remote/exposure.ts";
import { run } from "../../src/run.ts";
import { killWorkers, VICTIM, type Victim } from "./kill.ts";

const ENTRY = new URL("../../src/index.ts", import.meta.url).href;
const src = (path: string) => JSON.stringify(new URL(path, ENTRY).href);
const PROGRAM = URL.createObjectURL(
  new Blob(
    [
      `import { newEventLoop } from ${src("eventLoop.ts")};
      import { provideExposing } from ${src("loop/exposing.ts")};
      import { exposureOf } from ${src("remote/exposure.ts")};
      import { connectRemote } from ${src("remote/remote.ts")};
      import { sleep } from ${src("tasks/sleep.ts")};
      provideExposing(exposureOf);
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

beforeAll(() => provideExposing(exposureOf));

test("all calls from and to a worker end when it is terminated, 40 times", {
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
  const { answered, lost } = await run(() => killWorkers(40, start));
  console.log(`40 times a browser's worker was killed: ${answered} answers, ${lost} lost`);

  expect(answered).toBeGreaterThan(0);
  expect(lost).toBeGreaterThan(0);
});
