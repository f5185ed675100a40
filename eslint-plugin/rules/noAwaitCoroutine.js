// `await` of a coroutine, which is no promise.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";
import { propertyName, unwrap } from "../lib/syntax.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

const OF_LISTS = new Set(["all", "allSettled", "any", "race"]);

export default newRule(
  "no-await-coroutine",
  {
    description: "Disallow `await` of a coroutine, and handing coroutines to `Promise`",
    hasSuggestions: true,
    messages: {
      await:
        "`await` does not run a coroutine: the result is `{{call}}` itself. Write `await run({{call}})`, or `await toPromise({{call}})` while a loop runs; in a generator function `yield* {{call}}`.",
      forAwait:
        "A coroutine is no async iterable, and `for await` does not run it. Await it with `yield*` in a generator function.",
      promise:
        "`Promise.{{method}}` does not run coroutines. Write `yield* {{instead}}(...)` in a generator function, or `await toPromise(...)` of that.",
      then: "A coroutine has no `{{method}}`. Write `yield* {{call}}` in a generator function, or `toPromise({{call}}).{{method}}(...)`.",
      wrap: "Await `{{name}}(...)` of the coroutine.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);

    /** Whether a list has a coroutine in it. @param {Node} node @returns {boolean} */
    function holdsCoroutine(node) {
      const list = unwrap(node);
      if (list.type === "ArrayExpression") {
        return list.elements.some(
          (/** @type {Node} */ element) =>
            element &&
            (element.type === "SpreadElement"
              ? holdsCoroutine(element.argument)
              : coroutines.isCoroutine(element)),
        );
      }
      if (list.type !== "CallExpression" || list.callee.type !== "MemberExpression") return false;
      const isMapped = ["map", "flatMap"].includes(propertyName(list.callee) ?? "");
      if (propertyName(list.callee) === "from" && list.callee.object.name === "Array") {
        return !!list.arguments[1] && coroutines.isCoroutineFunction(list.arguments[1]);
      }
      return isMapped && !!list.arguments[0] && coroutines.isCoroutineFunction(list.arguments[0]);
    }

    return {
      AwaitExpression(node) {
        const { argument } = node;
        if (!coroutines.isCoroutine(argument)) return;
        const suggest = ["toPromise", "run"].flatMap((name) => {
          const local = coroutines.localName(name);
          if (local === undefined) return [];
          return {
            messageId: "wrap",
            data: { name },
            fix: (/** @type {any} */ fixer) => [
              fixer.insertTextBefore(argument, `${local}(`),
              fixer.insertTextAfter(argument, ")"),
            ],
          };
        });
        context.report({
          node,
          messageId: "await",
          data: { call: coroutines.label(argument) },
          suggest,
        });
      },
      ForOfStatement(node) {
        if (node.await && coroutines.isCoroutine(node.right)) {
          context.report({ node: node.right, messageId: "forAwait" });
        }
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression") return;
        const method = propertyName(callee) ?? "";
        const [first] = node.arguments;
        if (callee.object.type === "Identifier" && callee.object.name === "Promise") {
          const isOne =
            first &&
            ((OF_LISTS.has(method) && holdsCoroutine(first)) ||
              (method === "resolve" && coroutines.isCoroutine(first)));
          if (!isOne) return;
          const instead =
            method === "resolve" ? "fn" : ["race", "any"].includes(method) ? "race" : "gather";
          context.report({ node, messageId: "promise", data: { method, instead } });
        } else if (
          ["then", "catch", "finally"].includes(method) &&
          coroutines.isCoroutine(callee.object)
        ) {
          const call = coroutines.label(callee.object);
          context.report({ node, messageId: "then", data: { method, call } });
        }
      },
    };
  },
);
