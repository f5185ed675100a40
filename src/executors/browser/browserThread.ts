// The program of a browser worker: makes the calls that it is told to, and answers through the loop that it exposes.

import { newEventLoop } from "../../eventLoop.ts";
import { provideExposing } from "../../loop/exposing.ts";
import { exposureOf } from "../../remote/exposure.ts";
import { knownFunction, loadFunction, Work } from "../work.ts";

provideExposing(exposureOf);

let working: { readonly id: number; readonly work: Work } | undefined;
/** The number of the call that was cancelled last, if this worker and the page can share memory. */
let mark: Int32Array | undefined;

const loop = newEventLoop();
loop.expose({
  perform(id: number, url: string, name: string, args: readonly unknown[]): unknown {
    const work = new Work(() => mark !== undefined && Atomics.load(mark, 0) === id);
    working = { id, work };
    const place = { url, name };
    const fn = knownFunction(place);
    return fn === undefined ? load(work, place, args) : work.perform(fn, args);
  },
  cancel(id: number): void {
    if (working?.id === id) working.work.cancel();
  },
});

async function load(
  work: Work,
  place: { readonly url: string; readonly name: string },
  args: readonly unknown[],
): Promise<unknown> {
  const fn = await loadFunction(place);
  // Nobody waits for it any more, and it need not begin.
  work.signal.throwIfAborted();
  return work.perform(fn, args);
}

addEventListener("message", ({ data }) => {
  mark = data as Int32Array;
});
void loop.runForever();
postMessage(loop.remote());
