// `yield` where `yield*` was meant.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

export default newRule(
  "require-yield-star",
  {
    description: "Require `yield*`, not `yield`, to await something in a coroutine",
    fixable: "code",
    hasSuggestions: true,
    messages: {
      star: "`yield` does not await `{{what}}`, and throws a TypeError. Write `yield* {{what}}`.",
      promise:
        "`yield` does not await a promise, and throws a TypeError. Write `yield* fromPromise({{what}})`.",
      starPromise:
        "A promise cannot be awaited with `yield*`. Write `yield* fromPromise({{what}})`.",
      wrap: "Await `fromPromise(...)` of it.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);
    return {
      YieldExpression(node) {
        const { argument, delegate } = node;
        if (!argument || coroutines.coroutineAround(node) === undefined) return;
        const what = coroutines.label(argument);
        if (coroutines.isCoroutine(argument) || coroutines.isFuture(argument)) {
          if (delegate) return;
          const [keyword] = context.sourceCode.getFirstTokens(node, 1);
          context.report({
            node,
            messageId: "star",
            data: { what },
            fix: (/** @type {any} */ fixer) => fixer.insertTextAfter(keyword, "*"),
          });
        } else if (coroutines.isPromise(argument)) {
          const local = coroutines.localName("fromPromise");
          const star = delegate ? "yield*" : "yield";
          context.report({
            node,
            messageId: star === "yield" ? "promise" : "starPromise",
            data: { what },
            suggest:
              local === undefined
                ? []
                : [
                    {
                      messageId: "wrap",
                      fix: (/** @type {any} */ fixer) =>
                        fixer.replaceText(
                          node,
                          `yield* ${local}(${context.sourceCode.getText(argument)})`,
                        ),
                    },
                  ],
          });
        }
      },
    };
  },
);
