// Questions about the syntax tree that have nothing to do with coroutines.

/** @typedef {any} Node a node of the tree, with its `parent` */

const WRAPPERS = new Set([
  "ChainExpression",
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSInstantiationExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
]);
const NOT_CHILDREN = new Set(["parent", "loc", "range", "tokens", "comments"]);

/**
 * The expression without wrappers that change only its type.
 *
 * @param {Node} node
 * @returns {Node}
 */
export function unwrap(node) {
  let inner = node;
  while (inner && WRAPPERS.has(inner.type)) inner = inner.expression;
  return inner;
}

/**
 * The parent of an expression, outside wrappers that change only its type.
 *
 * @param {Node} node
 * @returns {{ parent: Node, child: Node }}
 */
export function outside(node) {
  let child = node;
  while (WRAPPERS.has(child.parent.type)) child = child.parent;
  return { parent: child.parent, child };
}

/** @param {Node} node */
export function isFunction(node) {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

/**
 * The function around a node.
 *
 * @param {Node} node
 * @returns {Node | undefined}
 */
export function functionAround(node) {
  for (let at = node.parent; at; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/**
 * Every node below `root`, except those in nested functions.
 *
 * @param {Node} root
 * @returns {Generator<Node>}
 */
export function* ownNodes(root) {
  for (const [key, value] of Object.entries(root)) {
    if (NOT_CHILDREN.has(key)) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type !== "string" || isFunction(child)) continue;
      yield child;
      yield* ownNodes(child);
    }
  }
}

/**
 * The name of a property, if it is known statically.
 *
 * @param {Node} node a MemberExpression, a Property or a method
 * @returns {string | undefined}
 */
export function propertyName(node) {
  const key = node.property ?? node.key;
  if (!node.computed && (key.type === "Identifier" || key.type === "PrivateIdentifier")) {
    return key.name;
  }
  return key.type === "Literal" ? String(key.value) : undefined;
}

/**
 * The method or field of a class that is called `name`.
 *
 * @param {Node} body the class
 * @param {string | undefined} name
 * @returns {Node | undefined}
 */
export function memberOf(body, name) {
  return body.body.body.find(
    (/** @type {Node} */ member) =>
      member.key && name !== undefined && propertyName(member) === name,
  );
}

/**
 * The class that `this` refers to at a node.
 *
 * @param {Node} node
 * @returns {Node | undefined}
 */
export function classOfThis(node) {
  for (let at = node.parent; at; at = at.parent) {
    if (at.type === "FunctionDeclaration") return undefined;
    if (at.type === "FunctionExpression" && at.parent.type !== "MethodDefinition") return undefined;
    if (at.type === "ClassDeclaration" || at.type === "ClassExpression") return at;
  }
  return undefined;
}
