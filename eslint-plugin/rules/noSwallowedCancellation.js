// A `catch` around a suspension that lets no CancelledError through.
//
// Its body is gone through as if a CancelledError had been caught. Conditions about the error are decided;
// of others both ways are possible, and a `throw` on one of them is taken as intended.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";
import { functionAround, ownNodes, propertyName, unwrap } from "../lib/syntax.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

/** The classes of a CancelledError. */
const ITS_CLASSES = new Set(["CancelledError", "Error", "Object"]);

export default newRule(
  "no-swallowed-cancellation",
  {
    description: "Disallow a `catch` in a coroutine that swallows a CancelledError",
    hasSuggestions: true,
    messages: {
      swallowed:
        "This `catch` also swallows the CancelledError of a cancellation, and the task goes on. Begin it with `if ({{error}} instanceof CancelledError) throw {{error}};`.",
      rethrow: "Throw a CancelledError again.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);

    /** @param {Node} handler a CatchClause */
    function judge(handler) {
      const { param } = handler;
      /** Names of the error itself, and of what was taken out of it. */
      const errors = new Set();
      const parts = new Set();
      bind(param);

      /** @param {Node} pattern */
      function bind(pattern) {
        if (pattern?.type === "Identifier") errors.add(pattern.name);
        if (pattern?.type === "ObjectPattern") {
          for (const { value } of pattern.properties)
            if (value?.type === "Identifier") parts.add(value.name);
        }
      }

      /** @param {Node} node */
      const isError = (node) => unwrap(node).type === "Identifier" && errors.has(unwrap(node).name);
      /** A property of the error that a CancelledError has not, such as `code`. @param {Node} node */
      const isPart = (node) => {
        const inner = unwrap(node);
        if (inner.type === "MemberExpression") return isError(inner.object);
        return inner.type === "Identifier" && parts.has(inner.name);
      };

      /** The value of a condition for a CancelledError; undefined if it may be either. @param {Node} node @returns {boolean | undefined} */
      function holds(node) {
        const test = unwrap(node);
        if (test.type === "UnaryExpression" && test.operator === "!") {
          const inner = holds(test.argument);
          return inner === undefined ? undefined : !inner;
        }
        if (test.type === "LogicalExpression") {
          const [left, right] = [holds(test.left), holds(test.right)];
          const decisive = test.operator !== "&&";
          if (left === decisive || right === decisive) return decisive;
          return left === undefined || right === undefined ? undefined : !decisive;
        }
        if (test.type === "CallExpression") {
          // Such as `isCancelled(error)`.
          const callee = context.sourceCode.getText(test.callee);
          return /cancel/i.test(callee) && test.arguments.some(isError) ? true : undefined;
        }
        if (test.type !== "BinaryExpression") return undefined;
        if (test.operator === "instanceof" && isError(test.left)) {
          const name = coroutines.nameOf(test.right) ?? test.right.name ?? propertyName(test.right);
          return ITS_CLASSES.has(name);
        }
        const isEqual = ["===", "=="].includes(test.operator);
        if (!isEqual && !["!==", "!="].includes(test.operator)) return undefined;
        for (const [part, value] of [
          [test.left, test.right],
          [test.right, test.left],
        ]) {
          const literal = unwrap(value);
          if (!isPart(part) || literal.type !== "Literal") continue;
          return (literal.value === "CancelledError") === isEqual;
        }
        return undefined;
      }

      /** @param {Node} statement @returns {{ throws: boolean, goesOn: boolean, leaves?: boolean }} */
      function followOne(statement) {
        switch (statement.type) {
          case "ThrowStatement":
            return { throws: true, goesOn: false };
          case "ReturnStatement":
          case "BreakStatement":
          case "ContinueStatement":
            return { throws: false, goesOn: true, leaves: true };
          case "BlockStatement":
            return followBlock(statement.body);
          case "VariableDeclaration":
            for (const { id, init } of statement.declarations) {
              if (!init || !isError(init)) continue;
              bind(id);
            }
            return { throws: false, goesOn: true };
          case "IfStatement": {
            const is = holds(statement.test);
            const yes = followBlock([statement.consequent]);
            const no = statement.alternate
              ? followBlock([statement.alternate])
              : { throws: false, goesOn: true };
            if (is === true) return yes;
            if (is === false) return no;
            return { throws: yes.throws || no.throws, goesOn: yes.goesOn || no.goesOn };
          }
          case "ExpressionStatement":
            return { throws: rethrowsBy(statement.expression), goesOn: true };
          case "TryStatement": {
            const { block, handler: inner, finalizer } = statement;
            let way = followBlock(block.body);
            if (inner) {
              bind(inner.param);
              way = { throws: followBlock(inner.body.body).throws, goesOn: true };
            }
            const after = finalizer ? followBlock(finalizer.body) : { throws: false, goesOn: true };
            return { throws: way.throws || after.throws, goesOn: way.goesOn && after.goesOn };
          }
          default: {
            // Loops and switches: a throw on some way is taken as intended.
            const nodes = [...ownNodes(statement)];
            return { throws: nodes.some(({ type }) => type === "ThrowStatement"), goesOn: true };
          }
        }
      }

      /**
       * Whether control may leave by a `throw`, and whether it may leave otherwise or go on.
       *
       * @param {Node[]} body
       * @returns {{ throws: boolean, goesOn: boolean, leaves?: boolean }}
       */
      function followBlock(body) {
        let throws = false;
        for (const statement of body) {
          const way = followOne(statement);
          throws ||= way.throws;
          if (!way.goesOn || way.leaves) return { ...way, throws };
        }
        return { throws, goesOn: true };
      }

      /** Whether a call throws it again, or takes the cancellation back on purpose. @param {Node} expression */
      function rethrowsBy(expression) {
        const call = unwrap(expression);
        if (call.type !== "CallExpression") return false;
        const name =
          call.callee.type === "MemberExpression" ? propertyName(call.callee) : call.callee.name;
        if (name === "uncancel") return true;
        // Such as `rethrowIfCancelled(error)`, or `Error.throwIfCancelled`.
        return /throw/i.test(name ?? "") && call.arguments.some(isError);
      }

      return followBlock(handler.body.body);
    }

    /** Whether the function has cancelled something before the end of the `try` block. @param {Node} fn @param {Node} block */
    function cancelsItself(fn, block) {
      return [...ownNodes(fn.body)].some(
        (node) =>
          node.type === "CallExpression" &&
          node.callee.type === "MemberExpression" &&
          propertyName(node.callee) === "cancel" &&
          node.range[0] < block.range[1],
      );
    }

    return {
      CatchClause(node) {
        const { block } = node.parent;
        if (![...ownNodes(block)].some(({ type }) => type === "YieldExpression")) return;
        const fn = coroutines.coroutineAround(node);
        if (fn === undefined || judge(node).throws) return;
        const text = context.sourceCode.getText(node.body);
        const awaitsItsOwn =
          cancelsItself(fn, block) && (/CancelledError/.test(text) || !node.param);
        if (awaitsItsOwn || functionAround(node) !== fn) return;
        const error = node.param?.type === "Identifier" ? node.param.name : "error";
        const local = coroutines.localName("CancelledError");
        const brace = context.sourceCode.getFirstToken(node.body);
        context.report({
          loc: { start: node.loc.start, end: node.body.loc.start },
          messageId: "swallowed",
          data: { error },
          suggest:
            local === undefined || node.param?.type !== "Identifier"
              ? []
              : [
                  {
                    messageId: "rethrow",
                    fix: (/** @type {any} */ fixer) =>
                      fixer.insertTextAfter(
                        brace,
                        ` if (${error} instanceof ${local}) throw ${error};`,
                      ),
                  },
                ],
        });
      },
    };
  },
);
