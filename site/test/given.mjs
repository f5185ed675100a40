// What the code blocks of some pages use without declaring it, because the page is about something
// else. A block is known by its first line.

/**
 * @typedef {object} Given
 * @property {string} declares imports and declarations
 * @property {string} [within] the function in which the block is to be read, if it is a part of one
 */

const FINDS = [
  `import type { Coroutine } from "mysyncio";`,
  "declare function findUser(id: unknown): Coroutine<object>;",
  "declare function findPosts(id: unknown): Coroutine<object[]>;",
].join("\n");

const REACT = [
  `import type { Coroutine } from "mysyncio";`,
  "declare function fetchUser(id: unknown): Coroutine<{ name: string }>;",
].join("\n");

/** @type {Record<string, Record<string, Given>>} by page */
export const OF_PAGES = {
  "guide/threads": {
    "// search.js": { declares: "declare function isPerfect(n: number): boolean;" },
    "const n = yield* toThread(search, 1, 1e9); // in a coroutine": {
      within: "async function* shown()",
      declares: [
        `import { type EventLoop, ThreadExecutor, toThread } from "mysyncio/node";`,
        `import { search } from "./search.js";`,
        "declare const loop: EventLoop;",
      ].join("\n"),
    },
    "// in one thread": {
      within: "function* shown()",
      declares: [
        `import { connectRemote, type EventLoop, sleep } from "mysyncio/node";`,
        "declare const loop: EventLoop;",
        "declare const worker: Worker;",
        "declare const ticket: Parameters<typeof connectRemote>[0];",
      ].join("\n"),
    },
  },
  "guide/fleet": {
    "// images.js": {
      declares: "declare function scale(photo: Uint8Array, width: number): Uint8Array;",
    },
    'import { getRunningLoop, run } from "mysyncio/node";': {
      declares: "declare const photo: Uint8Array;\ndeclare const photos: Uint8Array[];",
    },
  },
  "guide/frameworks": {
    'import express from "express";': { declares: FINDS },
    'import fastify from "fastify";': { declares: FINDS },
    'import { Hono } from "hono";': { declares: FINDS },
    'import { toHandler } from "mysyncio/fetch";': { declares: FINDS },
    'import { timeout } from "mysyncio";': { declares: REACT },
    'import { gather } from "mysyncio";': {
      declares: [
        `import type { Coroutine } from "mysyncio";`,
        "declare function loadText(id: unknown): Coroutine<string>;",
        "declare function loadComments(id: unknown): Coroutine<string[]>;",
      ].join("\n"),
    },
    'import { getRunningLoop } from "mysyncio";': {
      declares: `import type { Coroutine } from "mysyncio";\ndeclare function connect(): Coroutine<void>;`,
    },
  },
  "guide/debugging": {
    "const remove = loop.instrument({": {
      declares: `import type { EventLoop } from "mysyncio";\ndeclare const loop: EventLoop;`,
    },
  },
  "guide/inspector": {
    'import { MysyncioInspector } from "mysyncio/inspector/element";': {
      declares: [
        `import type { LoopSnapshot } from "mysyncio/inspector";`,
        "declare function askWorker(what: string): Promise<LoopSnapshot>;",
      ].join("\n"),
    },
  },
  "guide/testing": {
    'test("gives up after an hour", virtualTest(function* () {': {
      declares: [
        `import assert from "node:assert/strict";`,
        `import { test } from "node:test";`,
        `import { type Coroutine, getRunningLoop } from "mysyncio";`,
        `import { virtualTest } from "mysyncio/testing";`,
        "declare const client: { connect(): Coroutine<void> };",
      ].join("\n"),
    },
  },
  "tutorial/index": {
    'const ready = watch<() => void>("ready"); // an array whose changes you will see': {
      declares: `import { watch } from "stage";`,
    },
  },
};

/**
 * Modules that blocks of a page import, and that no block shows with types. By page and file.
 *
 * @type {Record<string, Record<string, string>>}
 */
export const MODULES_OF_PAGES = {
  "guide/debugging": {
    "main.ts": `import type { Coroutine } from "mysyncio";\nexport declare function main(): Coroutine<void>;`,
  },
  "guide/fleet": {
    "images.ts": [
      `import type { defineTask } from "mysyncio/node";`,
      "type Resize = (photo: Uint8Array, width?: number) => Uint8Array;",
      "export declare const resize: ReturnType<typeof defineTask<Resize>>;",
    ].join("\n"),
  },
  "guide/threads": {
    "perfect.ts": "export declare function isPerfect(n: number): boolean;",
    "search.ts": [
      `import type { defineTask } from "mysyncio/node";`,
      "type Search = (from: number, to: number) => number | undefined;",
      "export declare const search: ReturnType<typeof defineTask<Search>>;",
    ].join("\n"),
  },
};

/** Packages that are not installed for any test. */
export const PACKAGES = {
  "@opentelemetry/sdk-node": [
    `import type { ContextManager } from "@opentelemetry/api";`,
    "export declare class NodeSDK {",
    "  constructor(options: { contextManager: ContextManager });",
    "  start(): void;",
    "}",
  ].join("\n"),
  "eslint-plugin-mysyncio": [
    `declare const plugin: { configs: Record<"recommended" | "recommendedTypeChecked", object> };`,
    "export default plugin;",
  ].join("\n"),
  "typescript-eslint": "declare const tseslint: { parser: object };\nexport default tseslint;",
};

/** For the examples in the comments of src/adapters, which the reference shows. @type {Record<string, Given>} */
export const OF_ADAPTERS = {
  "expressHandler.ts": {
    declares: `${FINDS}\nimport { timeout } from "mysyncio";\nimport { toHandler } from "mysyncio/express";\nimport type { Express } from "express";\ndeclare const app: Express;`,
  },
  "fastifyHandler.ts": {
    declares: `${FINDS}\nimport { timeout } from "mysyncio";\nimport { toHandler } from "mysyncio/fastify";\nimport type { FastifyInstance } from "fastify";\ndeclare const app: FastifyInstance;`,
  },
  "fetchHandler.ts": {
    declares: `import { type Coroutine, timeout } from "mysyncio";\nimport { toHandler } from "mysyncio/fetch";\ndeclare function search(url: URL): Coroutine<object>;`,
  },
  "honoHandler.ts": {
    declares: `${FINDS}\nimport { timeout } from "mysyncio";\nimport { toHandler } from "mysyncio/hono";\nimport type { Hono } from "hono";\ndeclare const app: Hono;`,
  },
  "loopMetrics.ts": {
    declares: `import type { EventLoop } from "mysyncio";\nimport { metrics } from "mysyncio/otel";\nimport type { MeterProvider } from "@opentelemetry/api";\ndeclare const provider: MeterProvider;\ndeclare const loop: EventLoop;`,
  },
  "taskContextManager.ts": {
    declares: `import { TaskContextManager } from "mysyncio/otel";\nimport { NodeSDK } from "@opentelemetry/sdk-node";`,
  },
  "useTask.ts": {
    declares: `${REACT}\nimport { timeout } from "mysyncio";\nimport { useTask } from "mysyncio/react";`,
  },
  "withSpan.ts": {
    within: "function* shown()",
    declares: `import type { Coroutine } from "mysyncio";\nimport { withSpan } from "mysyncio/otel";\ndeclare const id: number;\ndeclare const users: { get(id: number): Coroutine<object | undefined> };`,
  },
};
