// Which of the ready callbacks run in this turn, and in which order?
//
// The question is asked once per turn, when everything that may run stands in the
// user-visible ring from head to tail, in fair order. A policy may put these entries into
// another order, and says how many of them, from head on, are the batch; the others stay
// in front of what becomes ready later. First come, first served takes all as they stand.

import { lengthOf, USER_VISIBLE } from "./ready";

/** The number of entries of this turn's batch. */
export function arrange(): u32 {
  return lengthOf(USER_VISIBLE);
}
