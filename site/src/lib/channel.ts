// The worker's side of the messages between a page and its programs.

import type { Answer } from "./protocol.ts";

/** Lines and frames beyond these are dropped, so that they don't fill the page's memory. */
const MAX_LINES = 2_000;
const MAX_FRAMES = 600;

let lines = 0;
let frames = 0;

export function answer(message: Answer): void {
  if (message.kind === "log" && ++lines > MAX_LINES) {
    if (lines === MAX_LINES + 1) {
      const text = `No more than ${MAX_LINES} lines are shown.`;
      postMessage({ kind: "log", level: "warn", text } satisfies Answer);
    }
    return;
  }
  if (message.kind === "frame" && ++frames > MAX_FRAMES) return;
  postMessage(message);
}
