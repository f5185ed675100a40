// A thread that serves calls in the requested way: as a mysyncio loop, with Comlink, or by hand.

import { parentPort, workerData } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { newEventLoop } from "mysyncio/node";

const add = (a: number, b: number) => a + b;
const port = parentPort as NonNullable<typeof parentPort>;

if (workerData === "mysyncio") {
  const loop = newEventLoop();
  loop.expose({ add });
  port.postMessage(loop.remote());
  await loop.runForever();
} else if (workerData === "comlink") {
  expose({ add }, nodeEndpoint(port));
} else {
  port.on("message", ([id, a, b]: [number, number, number]) => port.postMessage([id, add(a, b)]));
}
