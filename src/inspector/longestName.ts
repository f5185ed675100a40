/**
 * The length, in characters, to which a task's name is cut. A trace contains the name once for each
 * step of the task, and a snapshot contains the names of all tasks, so a few very long names would
 * exhaust the memory.
 */
export const LONGEST_NAME = 500;
