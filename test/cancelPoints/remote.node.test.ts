// Remote calls, cancelled at every point. Each is answered, and nothing is left on either loop.

import { expect, onTestFinished, vi } from "vitest";
import { type Coroutine, fromPromise, newEventLoop, withSignal } from "../../src/index.ts";
import { connectRemote } from "../../src/remote/remote.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";

/** A channel whose messages arrive in microtasks, so that each run is the same. */
class FakeChannel {
  static readonly open = new Set<FakeChannel>();
  readonly name: string;
  onmessage: ((event: { data: unknown }) => void) | undefined;

  constructor(name: string) {
    this.name = name;
    FakeChannel.open.add(this);
  }

  postMessage(message: unknown): void {
    const data = structuredClone(message);
    for (const other of FakeChannel.open) {
      if (other === this || other.name !== this.name) continue;
      queueMicrotask(() => {
        if (FakeChannel.open.has(other)) other.onmessage?.({ data });
      });
    }
  }

  close(): void {
    FakeChannel.open.delete(this);
  }
}

/** A second loop that exposes functions, and the connection to it. */
function connect(stage: Stage) {
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  // A turn of the host would be outside the run.
  const there = newEventLoop({ slice: Infinity });
  let running = 0;
  const exposed = remoteServerOf(there);
  exposed.expose({
    *echo(value: unknown): Coroutine<unknown> {
      running++;
      try {
        yield;
        return yield* fromPromise(Promise.resolve(value));
      } finally {
        yield;
        running--;
      }
    },
    *stubborn(value: unknown): Coroutine<unknown> {
      try {
        yield* fromPromise(new Promise(() => undefined));
      } catch {
        yield;
      }
      return value;
    },
  });
  void there.runForever();
  const remote = connectRemote(exposed.ticket);
  stage.release(() => remote.close());
  stage.release(() => {
    there.callSoon(() => there.stop());
  });
  stage.check(() => {
    expect([running, there._slots.size, there._external]).toEqual([0, 0, 1]);
    there.close();
    expect(FakeChannel.open.size).toBe(0);
  });
  onTestFinished(() => {
    vi.unstubAllGlobals();
    FakeChannel.open.clear();
  });
  return remote;
}

testCancelPoints("remote.call", {
  "of a function that cleans up"(stage) {
    const remote = connect(stage);
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        expect(yield* remote.call("echo", name)).toBe(name);
        expect(yield* remote.call("echo", 1)).toBe(1);
      });
    }
  },
  "of a function that swallows a cancellation"(stage) {
    stage.release(() => stage.cancelLeft());
    const remote = connect(stage);
    stage.spawn(
      "a",
      function* () {
        expect(yield* remote.call("stubborn", 1)).toBe(1);
      },
      { swallows: true },
    );
  },
  "that is cancelled by a signal"(stage) {
    const remote = connect(stage);
    const controller = new AbortController();
    stage.spawn(
      "a",
      function* () {
        const call = () => withSignal(controller.signal, remote.call("stubborn", 1));
        const abort = remote.call("echo", 0);
        abort.addDoneCallback(() => controller.abort());
        expect(yield* call()).toBe(1);
      },
      { swallows: true },
    );
  },
  "over a connection that closes during the call"(stage) {
    const remote = connect(stage);
    const lost = function* (): Coroutine<void> {
      try {
        yield* remote.call("stubborn", 1);
      } catch (error) {
        if ((error as Error).name !== "RemoteLostError") throw error;
      }
    };
    stage.spawn("a", lost, { swallows: true });
    stage.spawn("b", function* () {
      yield* remote.call("echo", 0);
      remote.close();
    });
  },
});
