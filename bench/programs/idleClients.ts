// Opens a number of connections to an echo server, and keeps them open. Prints how many were
// served, once after opening them, and again for each line that it reads.

import { connect, type Socket } from "node:net";
import { argv, stdin } from "node:process";

const [port, count] = argv.slice(2).map(Number) as [number, number];
const AT_ONCE = 500;
const PATIENCE = 10_000;

const sockets: Socket[] = [];

/** Whether the server returns a byte within some time. */
function isServed(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(settle, PATIENCE, false);
    function settle(isGood: boolean): void {
      clearTimeout(timer);
      resolve(isGood);
    }
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
    socket.write("x");
  });
}

async function printServed(): Promise<void> {
  let served = 0;
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = sockets.slice(at, at + AT_ONCE);
    served += (await Promise.all(some.map(isServed))).filter(Boolean).length;
    for (const socket of some) socket.removeAllListeners("close");
  }
  console.log(served);
}

async function openAll(): Promise<void> {
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () =>
      connect({ port, host: "127.0.0.1" }).on("error", () => {}),
    );
    await Promise.all(
      some.map((socket) => new Promise((open) => socket.once("ready", open).once("close", open))),
    );
    sockets.push(...some);
  }
}

await openAll();
await printServed();
stdin.on("data", printServed);
