/** An event in the format of Chrome's trace viewer. Instants and durations are in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M" | "s" | "t" | "f" | "C";
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly id?: number;
  readonly cat?: string;
  readonly bp?: "e";
  readonly args?: Readonly<Record<string, unknown>>;
}
