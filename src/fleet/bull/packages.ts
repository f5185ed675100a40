// Loads BullMQ and ioredis, and declares the parts of them used here. They are loaded when the
// first engine is created, so that programs without a fleet need not install them.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RuntimeError } from "../../lang/errors.ts";

/** A reply from the server. */
export type Reply = string | number | null | Reply[];

export interface Pipeline {
  call(command: string, ...args: (string | number)[]): Pipeline;
  exec(): Promise<[error: Error | null, reply: Reply][] | null>;
}

/** Commands added by `defineCommand`. ioredis sends a script only if the server doesn't have it. */
export interface Scripts {
  storeOutcomes(...args: (string | number)[]): Promise<Reply>;
  claimId(...args: (string | number)[]): Promise<Reply>;
  leaveCall(...args: (string | number)[]): Promise<Reply>;
}

export interface Redis extends Scripts {
  readonly status: string;
  readonly options: { maxRetriesPerRequest?: number | null };
  defineCommand(name: keyof Scripts, options: { numberOfKeys: number; lua: string }): void;
  call(command: string, ...args: (string | number)[]): Promise<Reply>;
  pipeline(): Pipeline;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  duplicate(): Redis;
  disconnect(): void;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
  once(event: "ready", listener: () => void): unknown;
}

export interface Job {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly attemptsStarted: number;
  updateData(data: unknown): Promise<void>;
  moveToDelayed(when: number, token: string): Promise<void>;
  moveToWait(token: string): Promise<unknown>;
}

interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts: object;
}

export interface JobQueue {
  addBulk(jobs: readonly BulkJob[]): Promise<unknown>;
  remove(id: string): Promise<number>;
  getJobCounts(...types: string[]): Promise<Record<string, number>>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface Worker {
  run(): Promise<void>;
  waitUntilReady(): Promise<void>;
  pause(doNotWaitActive: boolean): Promise<void>;
  close(force: boolean): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "lockRenewalFailed", listener: (ids: string[]) => void): unknown;
  on(event: "locksRenewed", listener: (renewed: { readonly jobIds: string[] }) => void): unknown;
}

export interface Packages {
  readonly Redis: new (url: string | object, options?: object) => Redis;
  readonly Queue: new (name: string, options: object) => JobQueue;
  readonly Worker: new (
    name: string,
    process: (job: Job, token: string) => Promise<unknown>,
    options: object,
  ) => Worker;
  readonly DelayedError: new () => Error;
  readonly WaitingError: new () => Error;
  readonly UnrecoverableError: new (message: string) => Error;
}

/** Additional folders to search for the packages. Tests install them in a separate folder. */
export const packageFolders: string[] = [];

let loaded: Packages | undefined;

/** Loads both packages, once. @throws RuntimeError if one of them is not installed. */
export function packages(): Packages {
  if (loaded === undefined) {
    const { Redis } = load("ioredis", 6) as Pick<Packages, "Redis">;
    loaded = { ...(load("bullmq", 6) as Packages), Redis };
  }
  return loaded;
}

function load(name: string, version: number): unknown {
  // Search from this package first. If it is linked from another folder, the packages are found
  // from the working directory instead.
  const folders = [process.cwd(), ...packageFolders].map(
    (folder) => pathToFileURL(join(folder, "package.json")).href,
  );
  let cause: unknown;
  for (const url of [import.meta.url, ...folders]) {
    try {
      return createRequire(url)(name);
    } catch (error) {
      cause ??= error;
      // If the package exists but is broken, report that instead of searching further.
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") {
        cause = error;
        break;
      }
    }
  }
  throw new RuntimeError(
    `A fleet over Redis needs the package \`${name}\`, which could not be loaded. Install it alongside \`mysyncio\`: ` +
      `\`npm install ${name}@${version}\`. Without a server, use \`engine: memoryEngine()\``,
    { cause },
  );
}
