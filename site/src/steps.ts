// The steps of the tutorial, in order. Each is a page of pages/tutorial/.

export const STEPS = [
  { page: "deque", title: "A deque of callbacks" },
  { page: "run-forever", title: "Run forever" },
  { page: "cooperation", title: "Cooperative multitasking" },
  { page: "by-hand", title: "A coroutine, driven by hand" },
  { page: "yield-star", title: "Calls that can pause" },
  { page: "sleep", title: "Sleep" },
  { page: "future", title: "Futures" },
  { page: "task", title: "A coroutine is not a callback" },
  { page: "gather", title: "Gather" },
  { page: "selectors", title: "Selectors" },
] as const;
