// Cancelling where no code of a user may run.
//
// Who hands something over is in the middle of it, and so is a race that is decided by that and cancels its losers at
// once. A listener to a signal that ran there would find a lock or a queue half changed. So while it is quiet a signal
// does not abort: it does in the next turn, and in any case before the next step of its task.

export const quiet = {
  /** How many cancel quietly now, one inside the other. */
  depth: 0,
};
