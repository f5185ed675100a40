// What the programs of the tests' browser workers import.

export { startThread } from "../../src/executors/browser/thread.ts";
export { newEventLoop, run, runSync, sleep } from "../../src/index.ts";
export { installPlatform } from "../../src/loop/platform.ts";
export { connectRemote } from "../../src/remote/remote.ts";
export { remoteServerOf } from "../../src/remote/remoteServer.ts";
