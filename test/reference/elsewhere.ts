// Declares what examples of the reference use and no test can provide: an element of a page,
// another thread, another machine, an earlier error. Such examples are compiled, but not run.

import type { ChildProcess } from "node:child_process";
import type { Coroutine, TaskGroup } from "mysyncio";
import type { FleetExecutor } from "mysyncio/fleet";
import type { connectRemote, defineTask, StreamWriter, ThreadExecutor } from "mysyncio/node";

export { expect, test } from "vitest";

export declare const input: HTMLInputElement;
export declare const button: HTMLElement;
export declare const socket: WebSocket;
export declare const child: ChildProcess;
export declare const writer: StreamWriter;
export declare const executor: ThreadExecutor;
export declare const fleet: FleetExecutor;
export declare const group: TaskGroup;
export declare const error: unknown;
export declare const files: readonly string[];
export declare const results: unknown[];
export declare const photo: Uint8Array<ArrayBuffer>;
export declare const bytes: Uint8Array<ArrayBuffer>;
export declare const frames: readonly string[];
export declare const ticket: Parameters<typeof connectRemote>[0];
export declare const remote: ReturnType<typeof connectRemote>;

export declare const hash: ReturnType<typeof defineTask<(file: string) => string>>;
export declare const fib: ReturnType<typeof defineTask<(n: number) => number>>;
export declare const resize: ReturnType<
  typeof defineTask<(photo: Uint8Array<ArrayBuffer>, width: number) => Uint8Array<ArrayBuffer>>
>;
export declare function render(frame: string): void;
export declare function isPerfect(n: number): boolean;
export declare function show(found: unknown): void;
export declare function search(text: string): Coroutine<string[]>;
export declare function highlight(section: string): void;
export declare function sectionAt(y: number): string;
