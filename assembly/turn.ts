// The batch of a turn.
//
// Everything that runs in this turn is collected in the user-visible ring, so that JavaScript takes
// the whole batch from one place:
//
//   user-blocking │ what was user-visible already │ due timers │ a share of background
//                 ▲                               ▲
//               head                            tail            as passed by JavaScript
//
// What becomes ready while JavaScript takes the batch is appended behind it and waits for the next
// turn, so each turn ends. If only background entries are ready, all of them run. Otherwise a turn
// runs one background entry per eight entries of other priorities, and at least one. So background
// entries may be late, but never starve.
//
// If there is not enough memory, the turn collects as much as fits and leaves the rest in place.
// Even then, the batch is not empty: if the user-visible ring has no room, it is full of entries.

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

/** How many other entries run for each background entry. */
const OTHERS_PER_BACKGROUND: u32 = 8;

/**
 * Collects the batch. Returns its size. Stores the new head and tail of the user-visible ring in
 * RINGS, where JavaScript reads them.
 */
export function turn(now: f64, head: u32, tail: u32): u32 {
  setHead(USER_VISIBLE, head);
  setTail(USER_VISIBLE, tail);
  if (!ASC_NO_ASSERT) verify();
  appendDueTimers(now);
  prependUserBlocking();
  appendBackground();
  if (!ASC_NO_ASSERT) verify();
  return lengthOf(USER_VISIBLE);
}

// An entry leaves its old place only once it is in the user-visible ring, which may have no room.

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
