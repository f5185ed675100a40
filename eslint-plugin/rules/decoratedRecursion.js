// Recursion through undecorated coroutines. Resuming one walks the whole chain.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";
import { functionAround, outside, unwrap } from "../lib/syntax.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

export default newRule(
  "decorated-recursion",
  {
    description: "Require coroutines that await themselves to be decorated",
    hasSuggestions: true,
    messages: {
      undecorated:
        "`{{name}}` awaits itself, and is not decorated: each resume walks the whole recursion, which overflows the stack when it is deep. Write `const {{name}} = coroutine(function* (...) {...})`.",
      method:
        "`{{name}}` awaits itself, and is not decorated: each resume walks the whole recursion, which overflows the stack when it is deep. Write `@coroutine` before it.",
      innerName:
        "In its own body `{{name}}` is the undecorated function. Leave its name out, so that `{{name}}` is the decorated one.",
      decorate: "Decorate the method.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);
    /** The calls that each coroutine awaits. @type {Map<Node, { call: Node, to: Node }[]>} */
    const awaits = new Map();

    /** Whether there is a way from one to the other. @param {Node} from @param {Node} to @param {Set<Node>} seen @returns {boolean} */
    function leads(from, to, seen = new Set()) {
      if (from === to) return true;
      if (seen.has(from)) return false;
      seen.add(from);
      return (awaits.get(from) ?? []).some((edge) => leads(edge.to, to, seen));
    }

    /** The generator function of what may be decorated. @param {Node | undefined} fn */
    function generatorOf(fn) {
      const inner = fn?.type === "CallExpression" ? unwrap(fn.arguments[0] ?? fn) : fn;
      return inner?.generator && !inner.async ? inner : undefined;
    }

    /** @param {Node} fn */
    function nameOf(fn) {
      const { parent } = outside(fn);
      const id = fn.id ?? (parent.type === "VariableDeclarator" ? parent.id : parent.key);
      return id === undefined || id === null ? "it" : context.sourceCode.getText(id);
    }

    return {
      "YieldExpression[delegate=true]"(node) {
        const call = unwrap(node.argument);
        const around = functionAround(node);
        if (call.type !== "CallExpression" || !around?.generator) return;
        const to = generatorOf(coroutines.functionOf(call.callee));
        if (to === undefined) return;
        const edges = awaits.get(around);
        if (edges === undefined) awaits.set(around, [{ call, to }]);
        else edges.push({ call, to });
      },
      "Program:exit"() {
        for (const [fn, edges] of awaits) {
          const edge = edges.find(({ to }) => leads(to, fn));
          if (edge === undefined || !coroutines.isCoroutineGenerator(fn)) continue;
          const name = nameOf(fn);
          if (coroutines.isDecorated(fn)) {
            const inner = edges.find(
              ({ call, to }) =>
                to === fn &&
                fn.type === "FunctionExpression" &&
                fn.id?.name === call.callee.name &&
                fn.id,
            );
            if (inner) context.report({ node: inner.call, messageId: "innerName", data: { name } });
            continue;
          }
          const { parent } = outside(fn);
          const isMethod = parent.type === "MethodDefinition";
          const local = isMethod ? coroutines.localName("coroutine") : undefined;
          context.report({
            node: fn.id ?? (isMethod ? parent.key : fn),
            messageId: isMethod ? "method" : "undecorated",
            data: { name },
            suggest:
              local === undefined
                ? []
                : [
                    {
                      messageId: "decorate",
                      fix: (/** @type {any} */ fixer) =>
                        fixer.insertTextBefore(parent, `@${local} `),
                    },
                  ],
          });
        }
      },
    };
  },
);
