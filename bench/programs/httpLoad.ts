// Loads an HTTP server on this machine over a number of connections, for a number of seconds.
// Prints the number of responses per second.

import { connect } from "node:net";
import { argv } from "node:process";

const [port, connections, seconds] = argv.slice(2).map(Number) as [number, number, number];
const REQUEST = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;

let answers = 0;
const start = performance.now();
for (let i = 0; i < connections; i++) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answer = "";
  socket.setEncoding("latin1");
  socket.on("connect", () => socket.write(REQUEST));
  socket.on("data", (text: string) => {
    answer += text;
    if (!answer.endsWith("Hello, world!\n")) return;
    if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`Expected an answer, got ${answer}`);
    answer = "";
    answers++;
    socket.write(REQUEST);
  });
}
setTimeout(() => {
  console.log((answers / (performance.now() - start)) * 1000);
  process.exit();
}, seconds * 1000);
