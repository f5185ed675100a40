/** Compiles only if the value has exactly the type `Expected`. */
declare function exactly<Expected>(): <Actual>(
  value: Actual,
  ...proof: (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2
    ? []
    : ["another type"]
) => void;
