// A coroutine function where a callback is expected: it is called, and its coroutine is dropped.

import { coroutinesOf } from "../lib/coroutines.js";
import { newRule } from "../lib/rule.js";
import { isFunction, outside, propertyName, unwrap } from "../lib/syntax.js";

/** @typedef {import("../lib/syntax.js").Node} Node */

const ARRAY_METHODS = new Set([
  "forEach",
  "filter",
  "some",
  "every",
  "find",
  "findIndex",
  "findLast",
  "findLastIndex",
  "reduce",
  "reduceRight",
  "sort",
  "toSorted",
]);
/** Their results may be handed to `gather`. */
const MAPS = new Set(["map", "flatMap"]);
const LISTENERS = new Set([
  "addEventListener",
  "on",
  "once",
  "addListener",
  "prependListener",
  "prependOnceListener",
  "subscribe",
]);
const PROMISE_METHODS = new Set(["then", "catch", "finally"]);
/** Functions that call their first argument later. */
const TIMERS = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "nextTick",
  "requestAnimationFrame",
  "requestIdleCallback",
  "useEffect",
  "useLayoutEffect",
]);
/** Methods of mysyncio's own that take ordinary functions. */
const LOOP_METHODS = new Set([
  "callSoon",
  "callSoonThreadsafe",
  "callLater",
  "callAt",
  "addDoneCallback",
  "addReader",
  "addWriter",
  "addSignalHandler",
  "setExceptionHandler",
]);
/** Functions around what happens while their callback is on the stack: a generator has not begun by then. */
const SCOPES = new Set([
  "startActiveSpan",
  "startSpan",
  "startSpanManual",
  "withActiveSpan",
  "withSpan",
  "withScope",
  "withIsolationScope",
  "runInAsyncScope",
]);
const CONSTRUCTORS = new Set([
  "Promise",
  "MutationObserver",
  "ResizeObserver",
  "IntersectionObserver",
  "PerformanceObserver",
  "FinalizationRegistry",
]);
const TESTS = new Set([
  "test",
  "it",
  "beforeEach",
  "afterEach",
  "beforeAll",
  "afterAll",
  "before",
  "after",
]);
/** Modules whose functions of these names run tests. */
const TEST_MODULES = /^(vitest|node:test|@jest\/globals|mocha|bun:test|@playwright\/test)$/;

export default newRule(
  "no-generator-callback",
  {
    description: "Disallow coroutine functions where an ordinary callback is called",
    schema: [
      {
        type: "object",
        properties: {
          callees: { type: "array", items: { type: "string" }, uniqueItems: true },
        },
        additionalProperties: false,
      },
    ],
    messages: {
      callback:
        "`{{callee}}` drops the coroutine that `{{fn}}` returns, which never runs. Pass an ordinary function that starts it: `(...args) => createTask(fn(...args))`, or `toAsync(fn)` where no loop runs.",
      array:
        "`{{callee}}` drops the coroutines that `{{fn}}` returns, which never run. Write `for (const item of items) yield* fn(item)`, or `yield* mapConcurrent(items, fn)`.",
      executor:
        "The executor of a promise is an ordinary function, and `{{fn}}` never runs. Write `toPromise(fn())`.",
      scope:
        "`{{callee}}` is over before the coroutine of `{{fn}}` begins. Pass an async function, such as `() => toPromise(fn())`.",
      test: "`{{callee}}` does not run the coroutine of `{{fn}}`, and passes. Pass `() => run(fn)`.",
      listener:
        "Nobody runs the coroutine that the listener `{{fn}}` returns. Assign an ordinary function that starts it: `() => createTask(fn())`, or `toAsync(fn)`.",
    },
  },
  (context) => {
    const coroutines = coroutinesOf(context);
    const [{ callees = [] } = {}] = context.options;
    const more = new Set(callees);

    /** Whether a callback gives a coroutine, or is any generator function that stands there. @param {Node} node */
    function isGenerator(node) {
      const inner = unwrap(node);
      if (isFunction(inner) && inner.generator && !inner.async) return true;
      if (coroutines.isCoroutineFunction(node)) return true;
      const fn = coroutines.functionOf(inner);
      return fn?.generator === true && fn.async !== true;
    }

    /** The name of a function, or of a method. @param {Node} callee */
    function calleeName(callee) {
      const inner = unwrap(callee);
      return inner.type === "MemberExpression" ? propertyName(inner) : inner.name;
    }

    /** Whether somebody takes the list that `map` returns. @param {Node} call @returns {boolean} */
    function isTaken(call) {
      const { parent, child } = outside(call);
      switch (parent.type) {
        case "CallExpression":
        case "NewExpression":
          if (parent.callee === child) return false;
          // Reported by no-await-coroutine, unless it goes there by a name.
          return parent.callee.object?.name !== "Promise" || child.type !== "Identifier";
        case "MemberExpression": {
          // A list that is made from it, such as that of `filter`.
          const next = outside(parent);
          return next.parent.type === "CallExpression" &&
            !["forEach", "join"].includes(propertyName(parent) ?? "")
            ? isTaken(next.parent)
            : false;
        }
        case "VariableDeclarator": {
          if (parent.id.type !== "Identifier") return true;
          const references = coroutines.variableOf(parent.id)?.references ?? [];
          return references.some(
            (/** @type {any} */ reference) => !reference.init && isTaken(reference.identifier),
          );
        }
        case "ExpressionStatement":
        case "AwaitExpression":
          return false;
        case "YieldExpression":
          return false;
        case "UnaryExpression":
          return false;
        default:
          return true;
      }
    }

    /** Describes the mistake of passing a function to a call, if it is one. @param {Node} call @param {Node} argument @returns {string | undefined} */
    function fault(call, argument) {
      const { callee } = call;
      const name = calleeName(callee) ?? "";
      const index = call.arguments.indexOf(argument);
      const isMethod = unwrap(callee).type === "MemberExpression";
      if (call.type === "NewExpression") {
        return CONSTRUCTORS.has(name) && index === 0
          ? name === "Promise"
            ? "executor"
            : "callback"
          : undefined;
      }
      // `forEach` and `retry` of mysyncio take coroutine functions.
      if (coroutines.nameOf(callee) !== undefined) return undefined;
      if (more.has(name)) return "callback";
      if (SCOPES.has(name)) return "scope";
      if (name === "with" && isMethod && index > 0) return "scope";
      if (TIMERS.has(name) && index === 0) return "callback";
      if (["run", "enterWith"].includes(name) && isMethod && index > 0 && isStorage(callee))
        return "scope";
      if (TESTS.has(name) && isTestFunction(callee)) return "test";
      if (!isMethod) return undefined;
      if (ARRAY_METHODS.has(name) && index === 0) return "array";
      if (MAPS.has(name) && index === 0) return isTaken(call) ? undefined : "array";
      if (PROMISE_METHODS.has(name)) return "callback";
      if (LISTENERS.has(name) && index > 0) return "callback";
      if (name === "subscribe" || LOOP_METHODS.has(name)) return "callback";
      return undefined;
    }

    /** Whether a method is one of an AsyncLocalStorage. @param {Node} callee */
    function isStorage(callee) {
      const { object } = unwrap(callee);
      const definition =
        object.type === "Identifier" ? coroutines.variableOf(object)?.defs[0] : undefined;
      const init = definition?.type === "Variable" && definition.node.init;
      return init?.type === "NewExpression" && calleeName(init.callee) === "AsyncLocalStorage";
    }

    /** @param {Node} callee */
    function isTestFunction(callee) {
      const inner = unwrap(callee);
      if (inner.type !== "Identifier") return false;
      const definition = coroutines.variableOf(inner)?.defs[0];
      if (definition === undefined) return true; // a global
      return (
        definition.type === "ImportBinding" && TEST_MODULES.test(definition.parent.source.value)
      );
    }

    /** @param {Node} call */
    function check(call) {
      for (const argument of call.arguments) {
        if (argument.type === "SpreadElement") continue;
        const messageId = fault(call, argument) ?? typedFault(call, argument);
        if (messageId === undefined || !isGenerator(argument)) continue;
        const callee = coroutines.label(call.callee);
        context.report({
          node: argument,
          messageId,
          data: { callee, fn: coroutines.label(argument) },
        });
      }
    }

    /** The same by the type that the function has for its parameter. @param {Node} call @param {Node} argument */
    function typedFault(call, argument) {
      if (coroutines.types === undefined || coroutines.nameOf(call.callee) !== undefined)
        return undefined;
      return coroutines.types.expectsCallback(argument) ? "callback" : undefined;
    }

    return {
      CallExpression: check,
      NewExpression: check,
      // `button.onclick = function* () {...}`
      AssignmentExpression(node) {
        const { left, right } = node;
        if (left.type !== "MemberExpression" || !/^on[a-z]/.test(propertyName(left) ?? "")) return;
        if (!isGenerator(right)) return;
        context.report({
          node: right,
          messageId: "listener",
          data: { fn: coroutines.label(right) },
        });
      },
      // `<button onClick={load}>`
      JSXAttribute(node) {
        const value =
          node.value?.type === "JSXExpressionContainer" ? node.value.expression : undefined;
        if (!value || !/^on[A-Z]/.test(node.name.name ?? "") || !isGenerator(value)) return;
        context.report({
          node: value,
          messageId: "listener",
          data: { fn: coroutines.label(value) },
        });
      },
    };
  },
);
