// Which expressions are coroutines, and which functions return them.
//
// With types, the types decide. Without them, the source does: imports from mysyncio, decorators,
// annotations with `Coroutine`, functions passed to the library, and whatever follows from these
// within one file.

import {
  COROUTINE_FUNCTIONS,
  COROUTINE_METHODS,
  FUTURE_FUNCTIONS,
  STARTER_METHODS,
  STARTERS,
} from "./names.js";
import { initialValueOf, References } from "./references.js";
import { functionAround, outside, ownNodes, propertyName, unwrap } from "./syntax.js";
import { newTypes } from "./types.js";

/** @typedef {import("./syntax.js").Node} Node */

/** Types of generators that are not coroutines. */
const OTHER_GENERATORS = new Set(["Generator", "Iterator", "IterableIterator", "Iterable"]);
const NEEDS_TYPES =
  "The rules of `recommendedTypeChecked` need type information. Set `languageOptions.parserOptions.projectService` " +
  "and use typescript-eslint's parser, or use the config `recommended`.";

/** @type {WeakMap<object, Coroutines>} */
const known = new WeakMap();

/**
 * Answers questions about the coroutines of the linted file.
 *
 * @param {any} context of a rule
 * @returns {Coroutines}
 */
export function coroutinesOf(context) {
  const { ast } = context.sourceCode;
  const found = known.get(ast) ?? new Coroutines(context);
  known.set(ast, found);
  return found;
}

/** What is a coroutine in the linted file. */
export class Coroutines extends References {
  /** Whether a generator function returns coroutines; undefined while that is being determined. @type {Map<Node, boolean | undefined>} */
  #generators = new Map();

  /** @param {any} context of a rule */
  constructor(context) {
    super(context);
    this.types = newTypes(context.sourceCode.parserServices);
    if (this.types === undefined && context.settings?.mysyncio?.typeChecked === true) {
      throw new Error(NEEDS_TYPES);
    }
  }

  /** Whether an expression is a function that returns a coroutine. @param {Node} node @returns {boolean} */
  isCoroutineFunction(node) {
    const inner = unwrap(node);
    if (inner.type === "ConditionalExpression") {
      return (
        this.isCoroutineFunction(inner.consequent) || this.isCoroutineFunction(inner.alternate)
      );
    }
    if (inner.type === "LogicalExpression") return this.isCoroutineFunction(inner.right);
    if (inner.type === "CallExpression" && memberName(inner.callee) === "bind") {
      return this.isCoroutineFunction(inner.callee.object);
    }
    const name = this.nameOf(inner);
    if (name !== undefined) return COROUTINE_FUNCTIONS.has(name);
    if (this.types?.returnsCoroutine(node)) return true;
    if (inner.type === "MemberExpression") {
      const owner = this.classOf(inner.object);
      const methods = typeof owner === "string" ? COROUTINE_METHODS.get(owner) : undefined;
      if (methods?.includes(propertyName(inner) ?? "")) return true;
    }
    const fn = this.functionOf(inner);
    if (fn === undefined) return false;
    return fn.type === "CallExpression" || this.returnsCoroutine(fn);
  }

  /** @param {Node} fn a function of this file */
  returnsCoroutine(fn) {
    if (fn.generator) return this.isCoroutineGenerator(fn);
    if (fn.async || !fn.body) return false;
    if (this.#generators.has(fn)) return this.#generators.get(fn) === true;
    this.#generators.set(fn, undefined);
    const results =
      fn.body.type === "BlockStatement"
        ? [...ownNodes(fn.body)].filter(
            ({ type, argument }) => type === "ReturnStatement" && argument,
          )
        : [{ argument: fn.body }];
    const does = results.some(({ argument }) => this.isCoroutine(argument));
    this.#generators.set(fn, does);
    return does;
  }

  /** Whether an expression is a coroutine object. @param {Node} node @returns {boolean} */
  isCoroutine(node) {
    const inner = unwrap(node);
    if (inner.type === "ConditionalExpression") {
      return this.isCoroutine(inner.consequent) || this.isCoroutine(inner.alternate);
    }
    if (inner.type === "LogicalExpression")
      return this.isCoroutine(inner.left) || this.isCoroutine(inner.right);
    if (inner.type === "SequenceExpression") return this.isCoroutine(inner.expressions.at(-1));
    if (this.types?.isCoroutine(node)) return true;
    if (inner.type === "CallExpression") return this.isCoroutineFunction(inner.callee);
    if (inner.type !== "Identifier") return false;
    const init = initialValueOf(this.definitionOf(inner));
    return !!init && unwrap(init).type === "CallExpression" && this.isCoroutine(init);
  }

  /** @param {Node} node @returns {boolean} */
  isFuture(node) {
    const inner = unwrap(node);
    if (this.types?.isFuture(node)) return true;
    if (inner.type === "CallExpression") {
      const name = this.nameOf(inner.callee);
      if (name !== undefined) return FUTURE_FUNCTIONS.has(name);
      return (
        inner.callee.type === "MemberExpression" && propertyName(inner.callee) === "createTask"
      );
    }
    if (inner.type === "NewExpression")
      return ["Future", "Task"].includes(this.nameOf(inner.callee) ?? "");
    if (inner.type !== "Identifier") return false;
    const init = initialValueOf(this.definitionOf(inner));
    return !!init && unwrap(init).type !== "Identifier" && this.isFuture(init);
  }

  /** @param {Node} node @returns {boolean} */
  isPromise(node) {
    const inner = unwrap(node);
    if (this.types?.isPromise(node)) return true;
    if (inner.type === "NewExpression") return inner.callee.name === "Promise";
    if (inner.type !== "CallExpression") return false;
    const { callee } = inner;
    if (
      callee.type === "Identifier" &&
      callee.name === "fetch" &&
      !this.variableOf(callee)?.defs.length
    )
      return true;
    if (callee.type === "MemberExpression" && callee.object.name === "Promise") return true;
    return this.functionOf(callee)?.async === true && this.functionOf(callee)?.generator !== true;
  }

  /** Whether a generator function is the body of a coroutine. @param {Node} fn @returns {boolean} */
  isCoroutineGenerator(fn) {
    if (!fn.generator || fn.async) return false;
    if (this.#generators.has(fn)) return this.#generators.get(fn) === true;
    this.#generators.set(fn, undefined);
    const is =
      this.annotation(fn) ??
      (this.isStarted(fn) || this.types?.returnsCoroutine(fn) || this.suspends(fn));
    this.#generators.set(fn, is);
    return is;
  }

  /** Whether the annotated return type is a coroutine's; undefined if that is unclear. @param {Node} fn @returns {boolean | undefined} */
  annotation(fn) {
    const type = fn.returnType?.typeAnnotation;
    if (type?.type !== "TSTypeReference") return undefined;
    const name = type.typeName.right?.name ?? type.typeName.name;
    if (name === "Coroutine" || this.nameOfType(type.typeName) === "Coroutine") return true;
    if (OTHER_GENERATORS.has(name)) return this.types?.returnsCoroutine(fn) ?? false;
    return undefined;
  }

  /** @param {Node} typeName */
  nameOfType(typeName) {
    return typeName.type === "Identifier" ? this.nameOf(typeName) : undefined;
  }

  /** Whether it is decorated, or passed to a function that runs it. @param {Node} fn */
  isStarted(fn) {
    if (this.isDecorated(fn)) return true;
    if (this.isArgumentOfStarter(fn)) return true;
    const id = fn.id ?? (fn.parent.type === "VariableDeclarator" ? fn.parent.id : undefined);
    if (id?.type !== "Identifier" || (fn.type === "FunctionExpression" && fn.id)) return false;
    return !!this.variableOf(id)?.references.some((/** @type {any} */ { identifier }) => {
      const { parent, child } = outside(identifier);
      const isCalled = parent.type === "CallExpression" && parent.callee === child;
      return this.isArgumentOfStarter(isCalled ? parent : identifier);
    });
  }

  /** @param {Node} node */
  isArgumentOfStarter(node) {
    const { parent, child } = outside(node);
    if (parent.type !== "CallExpression" || !parent.arguments.includes(child)) return false;
    const name = this.nameOf(parent.callee);
    if (name !== undefined) return STARTERS.has(name);
    return (
      parent.callee.type === "MemberExpression" &&
      STARTER_METHODS.has(propertyName(parent.callee) ?? "")
    );
  }

  /** Whether a method is decorated with `@coroutine`, or a function wrapped in `coroutine(...)`. @param {Node} fn */
  isDecorated(fn) {
    const { parent } = outside(fn);
    if (parent.type === "CallExpression") return this.nameOf(parent.callee) === "coroutine";
    return !!parent.decorators?.some(
      (/** @type {Node} */ { expression }) =>
        this.nameOf(expression.callee ?? expression) === "coroutine",
    );
  }

  /** Whether its body does something that only coroutines do. @param {Node} fn */
  suspends(fn) {
    const yields = [...ownNodes(fn.body)].filter(({ type }) => type === "YieldExpression");
    for (const { delegate, argument } of yields) {
      if (!argument) continue;
      if (delegate && (this.isCoroutine(argument) || this.isFuture(argument))) return true;
      const inner = unwrap(argument);
      const name = inner.type === "CallExpression" ? this.nameOf(inner.callee) : undefined;
      if (!delegate && name !== undefined && COROUTINE_FUNCTIONS.has(name)) return true;
    }
    // It delegates to something from another file, which an ordinary generator may do too.
    if (!this.usesPackage || yields.some(({ delegate, argument }) => argument && !delegate))
      return false;
    return yields.some(
      ({ delegate, argument }) => delegate && unwrap(argument).type === "CallExpression",
    );
  }

  /** The coroutine function whose body contains a node. @param {Node} node @returns {Node | undefined} */
  coroutineAround(node) {
    const fn = functionAround(node);
    return fn !== undefined && this.isCoroutineGenerator(fn) ? fn : undefined;
  }
}

/** @param {Node} node @returns {string | undefined} */
function memberName(node) {
  return node.type === "MemberExpression" ? propertyName(node) : undefined;
}
