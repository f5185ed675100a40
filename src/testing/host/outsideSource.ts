/** Something outside the loop that a run has used, and that completes only in real time. */
export interface OutsideSource {
  /** What it is, such as "a socket". */
  readonly name: string;
  /** Where the program used it first, if known. */
  readonly place: string | undefined;
}
