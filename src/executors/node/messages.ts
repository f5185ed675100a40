// What the main side and a thread of Piscina's tell each other, besides the calls that Piscina carries.
//
// Some numbers in shared memory, a row, belong to each call that is under way.
// A mark is all that reaches a thread that computes. One that waits hears of it by a channel, and looks.

import type { PackedError } from "../../remote/remoteError.ts";
import type { Place } from "../task.ts";

/** What every thread is given: the rows, and the name of the channel. */
export interface ThreadData {
  readonly mysyncioRows: Int32Array<SharedArrayBuffer>;
  readonly mysyncioPlaces: SharedArrayBuffer;
  readonly mysyncioChannel: string;
}

/** A call: its row, where its function is, in words or as a number in the table of places, and its arguments. */
export type Request = readonly [row: number, place: number | Place, ...args: readonly unknown[]];

/** How it ended. What is no object stands for itself. */
export type Answer = Primitive | { readonly value: unknown } | { readonly error: PackedError };

export type Primitive = string | number | bigint | boolean | symbol | undefined | null;

export const ROW = 3;
/** 1 once the call was cancelled. */
export const CANCELLED = 0;
/** The number of the thread, once it has begun. */
export const THREAD = 1;
/** 1 if the thread dies because the result could not be cloned. */
export const UNCLONEABLE = 2;
