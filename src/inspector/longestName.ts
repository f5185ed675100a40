/**
 * Longer names of tasks are cut. A trace contains the name of a task once for each of its steps, and
 * a reading that of each task, so a few very long names would exhaust the memory.
 */
export const LONGEST_NAME = 500;
