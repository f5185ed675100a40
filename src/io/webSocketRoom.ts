// When a WebSocket has room for more.
//
// `bufferedAmount` says how much of what was sent still waits, and no event tells that it has become less. So who
// waits for that has to look from time to time.

import { clearTimeout, setTimeout } from "../loop/hosts/timers.ts";

/** How long to wait between two looks, in milliseconds: twice as long each time, up to the second. */
const SHORTEST = 1;
const LONGEST = 16;

const CONNECTING = 0;
const OPEN = 1;

/** Whether what is sent now need not wait, or there is no point in waiting because the socket is over. */
export function hasRoom(socket: WebSocket, limit: number): boolean {
  const { readyState } = socket;
  return readyState > OPEN || (readyState !== CONNECTING && socket.bufferedAmount <= limit);
}

/** Calls back once `hasRoom`, in a task of the host. Returns what ends that. */
export function whenRoom(socket: WebSocket, limit: number, callback: () => void): () => void {
  let delay = SHORTEST;
  const look = (): void => {
    if (hasRoom(socket, limit)) return callback();
    delay = Math.min(2 * delay, LONGEST);
    timer = setTimeout(look, delay);
  };
  let timer = setTimeout(look, 0);
  return () => clearTimeout(timer);
}
