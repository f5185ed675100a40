// A call of a coroutine function whose coroutine nobody takes.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";
import { unwrap } from "../lib/syntax.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

/** The expressions whose values a statement drops. @param {Node} node @returns {Generator<Node>} */
function* dropped(node) {
  const inner = unwrap(node);
  switch (inner.type) {
    case "UnaryExpression":
      yield* dropped(inner.argument);
      break;
    case "SequenceExpression":
      for (const each of inner.expressions) yield* dropped(each);
      break;
    case "LogicalExpression":
      yield* dropped(inner.right);
      break;
    case "ConditionalExpression":
      yield* dropped(inner.consequent);
      yield* dropped(inner.alternate);
      break;
    case "CallExpression":
    case "TaggedTemplateExpression":
      yield inner;
      break;
    default:
      break;
  }
}

export default newRule(
  "no-floating-coroutine",
  {
    description: "Disallow calling a coroutine function without awaiting the coroutine",
    hasSuggestions: true,
    messages: {
      floating: "`{{call}}` only makes a coroutine, which never runs. Write `yield* {{call}}`.",
      outside:
        "`{{call}}` only makes a coroutine, which never runs. Start it with `createTask({{call}})`, or `run({{call}})` where no loop runs.",
      await: "Await the coroutine with `yield*`.",
      start: "Start the coroutine as a task.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);
    /** @param {Node} call */
    function check(call) {
      const isOne =
        call.type === "TaggedTemplateExpression"
          ? coroutines.isCoroutineFunction(call.tag)
          : coroutines.isCoroutine(call);
      if (!isOne) return;
      const isInside = coroutines.coroutineAround(call) !== undefined;
      const createTask = coroutines.localName("createTask");
      const suggest = [];
      if (isInside) {
        // Only a whole statement takes `yield*` without parentheses.
        const isWhole = unwrap(call.parent).type === "ExpressionStatement";
        suggest.push({
          messageId: "await",
          fix: (/** @type {any} */ fixer) =>
            isWhole
              ? fixer.insertTextBefore(call, "yield* ")
              : [fixer.insertTextBefore(call, "(yield* "), fixer.insertTextAfter(call, ")")],
        });
      }
      if (createTask !== undefined) {
        suggest.push({
          messageId: "start",
          fix: (/** @type {any} */ fixer) => [
            fixer.insertTextBefore(call, `${createTask}(`),
            fixer.insertTextAfter(call, ")"),
          ],
        });
      }
      context.report({
        node: call,
        messageId: isInside ? "floating" : "outside",
        data: { call: coroutines.label(call) },
        suggest,
      });
    }
    return {
      ExpressionStatement(node) {
        for (const call of dropped(node.expression)) check(call);
      },
      ForStatement(node) {
        for (const part of [node.init, node.update]) {
          if (part && part.type !== "VariableDeclaration")
            for (const call of dropped(part)) check(call);
        }
      },
    };
  },
);
