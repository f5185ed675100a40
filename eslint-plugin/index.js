// Rules that find the mistakes which mysyncio's own errors and types cannot, or only when the code runs.

import { readFileSync } from "node:fs";
import decoratedRecursion from "./rules/decoratedRecursion.js";
import noAwaitCoroutine from "./rules/noAwaitCoroutine.js";
import noFloatingCoroutine from "./rules/noFloatingCoroutine.js";
import noGeneratorCallback from "./rules/noGeneratorCallback.js";
import noSwallowedCancellation from "./rules/noSwallowedCancellation.js";
import requireYieldStar from "./rules/requireYieldStar.js";

const { name, version } = JSON.parse(
  readFileSync(new URL("package.json", import.meta.url), "utf8"),
);

/** @type {any} */
const plugin = {
  meta: { name, version, namespace: "mysyncio" },
  rules: {
    "decorated-recursion": decoratedRecursion,
    "no-await-coroutine": noAwaitCoroutine,
    "no-floating-coroutine": noFloatingCoroutine,
    "no-generator-callback": noGeneratorCallback,
    "no-swallowed-cancellation": noSwallowedCancellation,
    "require-yield-star": requireYieldStar,
  },
};

/** Performance, not correctness: the others are errors. */
const WARNINGS = new Set(["decorated-recursion"]);
const rules = Object.fromEntries(
  Object.keys(plugin.rules).map((rule) => [
    `mysyncio/${rule}`,
    WARNINGS.has(rule) ? "warn" : "error",
  ]),
);

plugin.configs = {
  /** Needs no types, and uses them where the parser provides them. */
  recommended: { name: "mysyncio/recommended", plugins: { mysyncio: plugin }, rules },
  /** Insists on types. */
  recommendedTypeChecked: {
    name: "mysyncio/recommended-type-checked",
    plugins: { mysyncio: plugin },
    settings: { mysyncio: { typeChecked: true } },
    rules,
  },
};

export default plugin;
