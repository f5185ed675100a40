// The part of BullMQ that the fleet's benchmark uses. It is installed with the fleet's tests.

import { createRequire } from "node:module";
import { at } from "../harness/paths.ts";

/** The folder with the fleet's packages. */
export const PACKAGES = "test/fleet/packages";

export interface BareQueue {
  add(name: string, data: unknown, options: object): Promise<{ readonly id?: string }>;
  close(): Promise<void>;
}

export interface BareEvents {
  waitUntilReady(): Promise<unknown>;
  on(
    event: "completed",
    listener: (args: { readonly jobId: string; readonly returnvalue: string }) => void,
  ): unknown;
  close(): Promise<void>;
}

export interface BareWorker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface BullMQ {
  readonly Queue: new (name: string, options: object) => BareQueue;
  readonly QueueEvents: new (name: string, options: object) => BareEvents;
  readonly Worker: new (
    name: string,
    process: (job: { readonly name: string; readonly data: unknown }) => Promise<unknown>,
    options: object,
  ) => BareWorker;
}

/** Loads BullMQ. @throws Error if the folder with the fleet's packages is not set up */
export function bullmq(): BullMQ {
  return createRequire(at(`${PACKAGES}/package.json`))("bullmq") as BullMQ;
}
