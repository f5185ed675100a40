// Waits until a WebSocket's send buffer has room.
//
// `bufferedAmount` is the number of unsent bytes, but no event reports that it shrinks. So it must
// be polled.

import { clearTimeout, setTimeout } from "../loop/hosts/timers.ts";

/** The polling interval in milliseconds. It doubles each time, up to the maximum. */
const MIN_INTERVAL = 1;
const MAX_INTERVAL = 16;

const CONNECTING = 0;
const OPEN = 1;

/** Whether the socket can send now, or is closed, so that waiting is pointless. */
export function hasRoom(socket: WebSocket, limit: number): boolean {
  const { readyState } = socket;
  return readyState > OPEN || (readyState !== CONNECTING && socket.bufferedAmount <= limit);
}

/**
 * Calls `callback` once `hasRoom` returns true, in a macrotask. Returns a function that stops
 * polling.
 */
export function whenRoom(socket: WebSocket, limit: number, callback: () => void): () => void {
  let interval = MIN_INTERVAL;
  const poll = (): void => {
    if (hasRoom(socket, limit)) return callback();
    interval = Math.min(2 * interval, MAX_INTERVAL);
    timer = setTimeout(poll, interval);
  };
  let timer = setTimeout(poll, 0);
  return () => clearTimeout(timer);
}
