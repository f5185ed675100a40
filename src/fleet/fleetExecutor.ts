import { RuntimeError } from "../lang/errors.ts";
import { checkId } from "./callOptions.ts";
import type { FleetStats } from "./client.ts";
import type { Counts } from "./engine.ts";
import { type FleetExecutorOptions, newFleet } from "./fleet.ts";
import { FleetView } from "./fleetView.ts";
import { wireId } from "./ids.ts";
import { RemoteCall, type RemoteCallInfo } from "./remoteCall.ts";

/**
 * Runs functions on the workers of a fleet: other processes, possibly on other machines, that share
 * a queue on a server such as Redis.
 *
 * Like `ThreadExecutor`, it works with `loop.runInExecutor` and `loop.setDefaultExecutor`. The
 * server stores each call until its caller has the outcome. A call whose worker dies fails with a
 * RemoteLostError, or starts again elsewhere if it has `attempts` left. Requires the packages
 * `bullmq` and `ioredis`, unless `engine` is set.
 *
 * @example
 * await using fleet = new FleetExecutor({ connection: "redis://localhost", queue: "images" });
 * const small = await fleet.submit(resize, [photo, 200]);
 */
export class FleetExecutor extends FleetView {
  /**
   * @throws TypeError, RangeError if an option is invalid.
   * @throws RuntimeError if a package that the engine needs is not installed.
   */
  constructor(options: FleetExecutorOptions = {}) {
    super(newFleet(options), {});
  }

  /**
   * Waits for a call that was detached or has an id, whichever process submitted it. The promise
   * settles with the call's outcome.
   *
   * Rejects with a LookupError if there is no such call, or its outcome is no longer kept.
   */
  attach(id: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkId(id);
      const { queue, client, shutDown } = this._fleet;
      if (shutDown !== undefined) throw new RuntimeError("The executor was shut down");
      const listener = { onResult: resolve, onError: reject };
      const call = new RemoteCall(
        undefined,
        wireId(id),
        id,
        queue.timers(),
        listener,
        undefined,
        id,
      );
      client.attach(call);
    });
  }

  /**
   * Waits until this executor has fewer than `maxQueue` calls in progress. Await it between calls
   * to keep them from piling up.
   */
  async drain(): Promise<void> {
    const { client, maxQueue, drainers } = this._fleet;
    while (client.pending >= maxQueue) await new Promise<void>((resolve) => drainers.push(resolve));
  }

  /**
   * Counts the waiting, delayed and running calls of the whole queue. Rejects with a
   * FleetUnreachableError if the server does not reply.
   */
  async counts(): Promise<Counts> {
    const { client, queue } = this._fleet;
    return await client.ask(() => queue.counts());
  }

  /** Returns this executor's statistics. */
  stats(): FleetStats {
    return this._fleet.client.stats;
  }

  /** Lists this executor's calls in progress, with their tasks, workers and states. */
  calls(): RemoteCallInfo[] {
    return [...this._fleet.client.calls()].map((call) => call.info());
  }
}
