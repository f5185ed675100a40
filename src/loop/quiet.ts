// Cancellations during which no abort listener may run.
//
// A hand-over that decides a race cancels the losers in the same call, in the middle of changing a
// lock or a queue. An abort listener that ran there would see that lock or queue half changed.
// During a quiet cancellation, signals therefore don't abort. They abort in the next turn, and in
// any case before the next step of their task.

export const quiet = {
  /** How many nested quiet cancellations are in progress. */
  depth: 0,
};
