// Defines the names that the examples of the reference use without declaring them, each as simply
// as possible.

import assert from "node:assert/strict";
import {
  Condition,
  type Coroutine,
  Lock,
  newEventLoop,
  Queue,
  Semaphore,
  sleep,
  type TaskGroup,
} from "mysyncio";

export { assert };

export interface Page {
  readonly title: string;
}

export interface Job {
  readonly priority: number;
}

export class NotFoundError extends Error {}

export const loop = newEventLoop();
export const controller = new AbortController();
export const request = new Request("https://example.org/");
export const response = new Response("first\nstop\n") as Response & { body: ReadableStream };
export const url = "data:text/plain,hello";
export const urls = ["first", "second"];
export const names = ["Ada", "Grace"];
export const id = 7;
export const key = "price";
export const sql = "select 1";
export const draft = { title: "letter" };
export const primary = "primary";
export const replica = "replica";
export const lock = new Lock();
export const semaphore = new Semaphore(1);
export const condition = new Condition();
export const stock = 1;
export const queue = new Queue<Job>();
export const cache = {
  *get(name: string): Coroutine<string> {
    return name;
  },
};
export const rows = new Map([["price", 1]]);
export const prices: Record<string, number> = { price: 1 };
export const lines = (async function* () {
  yield "first line";
})();

/** Called before each example. */
export function refill(): void {
  queue.putNowait({ priority: 1 });
}

/** Keeps nothing, so that examples leave no files behind. */
export async function writeFile(_path: string, _text: string): Promise<void> {}

/** Keeps nothing either. */
export function writeFileSync(_path: string, _text: string): void {}

export async function load(name: string): Promise<string> {
  return name;
}

export function* fetchUser(user: number): Coroutine<string> {
  yield* sleep(1);
  return `user ${user}`;
}

export function* fetchPosts(user: number): Coroutine<string[]> {
  yield* sleep(1);
  return [`post of ${user}`];
}

export function* fetchPage(address: string): Coroutine<Page> {
  yield* sleep(1);
  return { title: address };
}

export const download = fetchPage;

export function* fetchText(address: string): Coroutine<string> {
  yield* sleep(1);
  return address;
}

export const fetchName = fetchText;
export const ask = fetchText;
export const query = fetchText;

export function* handle(_job: unknown): Coroutine<void> {
  yield* sleep(1);
}

export const save = handle;
export const read = fetchText;

export function* connect(): Coroutine<string> {
  yield* sleep(1);
  return "connection";
}

export function* serveAll(group: TaskGroup): Coroutine<void> {
  group.createTask(sleep(1));
}

export function* setUp(): Coroutine<void> {
  yield* sleep(1);
}

export function* main(): Coroutine<void> {
  yield* sleep(1);
}

export function* draw(_progress: unknown): Coroutine<void> {}
