// What runs in this turn?
//
// Everything is brought together in the user-visible ring, so that JavaScript takes the
// whole batch from one place:
//
//   user-blocking │ what was user-visible already │ due timers │ a share of background
//                 ▲                               ▲
//               head                            tail            as JavaScript hands them in
//
// What becomes ready while the batch is taken stands behind it and waits for the next
// turn, so no turn is without end. Background gets all of an otherwise empty turn, else
// one entry for every eight others and never none, so that it is late but never starves.
//
// When there is no memory for all of this, the turn takes what has room and leaves the
// rest where it stands. A ring without room is full, so such a turn still gets on.

import { arrange } from "./policy";
import {
  append,
  BACKGROUND,
  dropFirst,
  firstOf,
  lengthOf,
  prepend,
  reserve,
  setHead,
  setTail,
  USER_BLOCKING,
  USER_VISIBLE,
  verifyRings,
} from "./ready";
import { verifySlots } from "./slots";
import { firstTimer, isDue, removeAt, size, verifyTimers } from "./timers";

/** Background may take one entry for so many others. */
const OTHERS_PER_BACKGROUND: u32 = 8;

/**
 * Collects the batch; the number of its entries. JavaScript reads the new head and tail of
 * the user-visible ring from its words.
 */
export function turn(now: f64, head: u32, tail: u32): u32 {
  setHead(USER_VISIBLE, head);
  setTail(USER_VISIBLE, tail);
  if (!ASC_NO_ASSERT) verify();
  appendDueTimers(now);
  prependUserBlocking();
  appendBackground();
  if (!ASC_NO_ASSERT) verify();
  return arrange();
}

// What is appended leaves its old place only then: without room it has to stay there.

function appendDueTimers(now: f64): void {
  while (isDue(now) && append(firstTimer(), USER_VISIBLE)) removeAt(0);
}

function prependUserBlocking(): void {
  const waiting = lengthOf(USER_BLOCKING);
  if (waiting > 0) prepend(reserve(waiting, USER_VISIBLE), USER_BLOCKING);
}

function appendBackground(): void {
  let share = lengthOf(BACKGROUND);
  if (share === 0) return;
  const others = lengthOf(USER_VISIBLE);
  if (others > 0) share = min(share, max(others / OTHERS_PER_BACKGROUND, 1));
  for (; share > 0 && append(firstOf(BACKGROUND), USER_VISIBLE); share--) dropFirst(BACKGROUND);
}

/** Asserts all invariants. */
function verify(): void {
  verifyTimers();
  verifySlots(verifyRings(), size);
}
