// The targets of ratios. V8 14 takes half as long for an `await` as older versions, so some ratios
// have a lower target there.

/** The target of a ratio, in the engine that measures it. */
export interface Target {
  /** That many times the speed of the rival. */
  readonly atLeast?: number;
  /** That many times the cost of the rival. */
  readonly atMost?: number;
}

/** A target as a case states it. */
export interface Aim {
  readonly atLeast?: number | ByNode;
  readonly atMost?: number;
}

/** A bound that depends on the major version of Node. */
interface ByNode {
  /** The bound on Node 24, on older versions, and on other engines. */
  readonly node24: number;
  readonly node26: number;
}

/** The target of a case in this engine, or on a given version of Node. */
export function targetOf({ atLeast, atMost }: Aim, node = nodeMajor()): Target {
  if (typeof atLeast === "object") return { atLeast: atLeast[node < 26 ? "node24" : "node26"] };
  if (atLeast !== undefined) return { atLeast };
  return atMost === undefined ? {} : { atMost };
}

/** The major version of the running Node, or 0 if this is not Node. */
function nodeMajor(): number {
  const { process } = globalThis as {
    process?: { readonly versions?: { readonly node?: string } };
  };
  return Number.parseInt(process?.versions?.node ?? "0", 10);
}

export function targetText({ atLeast, atMost }: Target): string {
  if (atLeast !== undefined) return `>= ${atLeast.toLocaleString("en")}`;
  return atMost === undefined ? "" : `<= ${atMost.toLocaleString("en")}`;
}

export function meets({ atLeast, atMost }: Target, value: number): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}
