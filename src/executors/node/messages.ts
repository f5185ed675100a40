// The messages between an executor and a Piscina thread.
//
// Piscina carries calls and replies. Each running call also has a row of numbers in shared memory,
// because a thread that computes can't receive messages. A thread that waits is woken through a
// channel, and then checks its row.

import type { PackedError } from "../../remote/remoteError.ts";
import type { TaskLocation } from "../task.ts";

/** The `workerData` of every thread: the rows, the location table, and the name of the channel. */
export interface ThreadData {
  readonly mysyncioRows: Int32Array<SharedArrayBuffer>;
  readonly mysyncioLocations: SharedArrayBuffer;
  readonly mysyncioChannel: string;
}

/**
 * A call: its row, the location of its function or that location's number in the table, and its
 * arguments.
 */
export type Request = readonly [
  row: number,
  location: number | TaskLocation,
  ...args: readonly unknown[],
];

/** The outcome of a call. A primitive result is sent as is. */
export type ThreadReply = Primitive | { readonly value: unknown } | { readonly error: PackedError };

export type Primitive = string | number | bigint | boolean | symbol | undefined | null;

/** The length of a row. The constants below are indices in a row. */
export const ROW = 4;
/** 1 if the call was cancelled. */
export const CANCELLED = 0;
/** The id of the thread that runs the call; 0 before it begins. */
export const THREAD = 1;
/** 1 if the thread ends because the result cannot be cloned. */
export const UNCLONEABLE = 2;
/** The number of the call, from which both sides derive its key. */
export const NUMBER = 3;

/** Returns the key of a call of the executor whose channel has that name. */
export function keyOfCall(channel: string, number: number): string {
  return `${channel} ${number}`;
}
