// Trees of coroutine calls. Each can be interpreted plainly, in one go, or performed by coroutines
// that call one another in every possible way. Both must have the same result.

import * as fc from "fast-check";
import { CancelledError } from "../../src/index.ts";

/** How one coroutine calls another. */
const STYLES = ["decorated", "plain", "traced", "iterated", "begun"] as const;
type Style = (typeof STYLES)[number];

/** The body of a coroutine. Each returns a number or throws a string. */
export type Tree = { readonly style: Style } & (
  | { readonly kind: "give"; readonly value: number }
  | { readonly kind: "fail"; readonly error: string }
  | {
      readonly kind: "wait";
      readonly how: "yield" | "sleep" | "future" | "done";
      readonly value: number;
    }
  | { readonly kind: "await failure"; readonly error: string }
  | { readonly kind: "all"; readonly parts: readonly Tree[] }
  | { readonly kind: "guard"; readonly body: Tree; readonly rescue: Tree; readonly cleanup: Tree }
  | { readonly kind: "drive"; readonly part: Tree }
  | { readonly kind: "deep"; readonly levels: number; readonly part: Tree }
);

/** The events in order, and the outcome. */
export interface Account {
  readonly trace: string[];
  outcome: string;
}

/**
 * Evaluates `tree` without any coroutine. The cancellation arrives at suspension number `cancelAt`.
 */
export function interpret(tree: Tree, cancelAt = 0): Account {
  const trace: string[] = [];
  let suspensions = 0;
  let isDriven = false;
  const suspend = () => {
    if (!isDriven && ++suspensions === cancelAt) throw "cancelled";
  };
  const evaluate = (node: Tree): number => {
    switch (node.kind) {
      case "give":
        return node.value;
      case "fail":
        throw node.error;
      case "wait":
        trace.push(`wait ${node.value}`);
        if (node.how !== "done" || isDriven) suspend();
        trace.push(`go on ${node.value}`);
        return node.value;
      case "await failure":
        suspend();
        throw node.error;
      case "all":
        return node.parts.reduce((sum, part) => sum + evaluate(part), 0);
      case "guard":
        try {
          return evaluate(node.body);
        } catch (error) {
          trace.push(`caught ${error}`);
          return evaluate(node.rescue);
        } finally {
          trace.push("clean up");
          evaluate(node.cleanup);
        }
      case "drive": {
        const before = isDriven;
        isDriven = true;
        try {
          return evaluate(node.part);
        } finally {
          isDriven = before;
        }
      }
      case "deep":
        return node.levels + evaluate(node.part);
    }
  };
  return account(trace, () => evaluate(tree));
}

export function account(trace: string[], action: () => number): Account {
  try {
    return { trace, outcome: `gave ${action()}` };
  } catch (error) {
    return { trace, outcome: `threw ${nameOf(error)}` };
  }
}

export function nameOf(error: unknown): string {
  return error instanceof CancelledError ? "cancelled" : String(error);
}

const style = fc.constantFrom(...STYLES);
const value = fc.nat(9);
const error = fc.constantFrom("e1", "e2", "e3");

export const { trees } = fc.letrec<{ trees: Tree }>((tie) => ({
  trees: fc.oneof(
    { depthSize: "medium", maxDepth: 6, withCrossShrink: true },
    fc.record({ style, kind: fc.constant("give" as const), value }),
    {
      weight: 4,
      arbitrary: fc.record({
        style,
        kind: fc.constant("wait" as const),
        how: fc.constantFrom("yield", "sleep", "future", "done"),
        value,
      }),
    },
    fc.record({ style, kind: fc.constant("fail" as const), error }),
    fc.record({ style, kind: fc.constant("await failure" as const), error }),
    {
      weight: 4,
      arbitrary: fc.record({
        style,
        kind: fc.constant("all" as const),
        parts: fc.array(tie("trees"), { maxLength: 4 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        style,
        kind: fc.constant("guard" as const),
        body: tie("trees"),
        rescue: tie("trees"),
        cleanup: tie("trees"),
      }),
    },
    fc.record({ style, kind: fc.constant("drive" as const), part: tie("trees") }),
    fc.record({
      style,
      kind: fc.constant("deep" as const),
      levels: fc.integer({ min: 0, max: 100 }),
      part: tie("trees"),
    }),
  ) as fc.Arbitrary<Tree>,
}));
