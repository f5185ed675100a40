// What the names in a file refer to: exports of mysyncio, and the file's own functions and classes.

import { classOfThis, isFunction, memberOf, propertyName, unwrap } from "./syntax.js";

/** @typedef {import("./syntax.js").Node} Node */

const PACKAGE = /^mysyncio(\/|$)/;

/** Resolves references within the linted file. */
export class References {
  /** @param {any} context of a rule */
  constructor(context) {
    this.sourceCode = context.sourceCode;
    /** More modules that export what mysyncio does. */
    this.modules = new Set(context.settings?.mysyncio?.modules ?? []);
    this.usesPackage = this.sourceCode.ast.body.some(
      (/** @type {Node} */ { source }) => source && this.isModule(source.value),
    );
  }

  /** @param {unknown} name */
  isModule(name) {
    return typeof name === "string" && (PACKAGE.test(name) || this.modules.has(name));
  }

  /** @param {Node} node an Identifier @returns {any} */
  variableOf(node) {
    for (let scope = this.sourceCode.getScope(node); scope; scope = scope.upper) {
      const variable = scope.set.get(node.name);
      if (variable) return variable;
    }
    return undefined;
  }

  /** The definition of a variable that is never reassigned. @param {Node} node an Identifier @returns {any} */
  definitionOf(node) {
    const variable = this.variableOf(node);
    if (variable?.defs.length !== 1) return undefined;
    const [definition] = variable.defs;
    const isChanged = variable.references.some(
      (/** @type {any} */ reference) => reference.isWrite() && !reference.init,
    );
    return isChanged ? undefined : definition;
  }

  /** Whether an expression is a whole module of mysyncio. @param {Node} node @returns {boolean} */
  isNamespace(node) {
    const inner = unwrap(node);
    if (inner.type === "AwaitExpression") return this.isNamespace(inner.argument);
    if (inner.type === "ImportExpression") return this.isModule(inner.source.value);
    if (inner.type === "CallExpression") {
      return inner.callee.name === "require" && this.isModule(inner.arguments[0]?.value);
    }
    if (inner.type !== "Identifier") return false;
    const definition = this.definitionOf(inner);
    if (definition?.type === "ImportBinding") {
      return (
        definition.node.type === "ImportNamespaceSpecifier" &&
        this.isModule(definition.parent.source.value)
      );
    }
    const init = initialValueOf(definition);
    return !!init && this.isNamespace(init);
  }

  /** The name under which mysyncio exports an expression, if it does. @param {Node} node @returns {string | undefined} */
  nameOf(node) {
    const inner = unwrap(node);
    if (inner?.type === "MemberExpression") {
      return this.isNamespace(inner.object) ? propertyName(inner) : undefined;
    }
    if (inner?.type !== "Identifier") return undefined;
    const definition = this.definitionOf(inner);
    if (definition?.type === "ImportBinding") {
      const { node: specifier, parent } = definition;
      if (specifier.type !== "ImportSpecifier" || !this.isModule(parent.source.value))
        return undefined;
      return specifier.imported.name ?? specifier.imported.value;
    }
    if (definition?.type !== "Variable" || !definition.node.init) return undefined;
    if (definition.node.id.type === "Identifier") {
      const value = unwrap(definition.node.init);
      return value.type === "Identifier" || value.type === "MemberExpression"
        ? this.nameOf(value)
        : undefined;
    }
    if (definition.node.id.type !== "ObjectPattern" || !this.isNamespace(definition.node.init))
      return undefined;
    const property = definition.node.id.properties.find(
      (/** @type {Node} */ { value }) => value?.name === inner.name,
    );
    return property && propertyName(property);
  }

  /** The class of an object: the name of one of mysyncio's classes, or a node. @param {Node} node @returns {any} */
  classOf(node) {
    const inner = unwrap(node);
    if (inner.type === "ThisExpression") return classOfThis(inner);
    if (inner.type === "NewExpression") {
      const name = this.nameOf(inner.callee);
      if (name !== undefined) return name;
      const definition =
        inner.callee.type === "Identifier" ? this.definitionOf(inner.callee) : undefined;
      return definition?.type === "ClassName" ? definition.node : undefined;
    }
    if (inner.type === "Identifier") {
      const definition = this.definitionOf(inner);
      if (definition?.type === "ClassName") return definition.node;
      const init = initialValueOf(definition);
      return init && this.classOf(init);
    }
    if (inner.type === "MemberExpression" && unwrap(inner.object).type === "ThisExpression") {
      const owner = classOfThis(inner);
      const field = owner && memberOf(owner, propertyName(inner));
      return field?.type === "PropertyDefinition" && field.value
        ? this.classOf(field.value)
        : undefined;
    }
    return undefined;
  }

  /** The function that a reference refers to, if this file defines it. @param {Node} node @returns {Node | undefined} */
  functionOf(node) {
    const inner = unwrap(node);
    if (isFunction(inner)) return inner;
    if (inner.type === "CallExpression" && this.nameOf(inner.callee) === "coroutine") return inner;
    if (inner.type === "Identifier") {
      const definition = this.definitionOf(inner);
      if (definition?.type === "FunctionName") return definition.node;
      const init = initialValueOf(definition);
      return init && this.functionOf(init);
    }
    if (inner.type === "MemberExpression") {
      const owner = this.classOf(inner.object);
      const member = typeof owner === "object" ? memberOf(owner, propertyName(inner)) : undefined;
      return member?.value ? this.functionOf(member.value) : this.methodOfLiteral(inner);
    }
    return undefined;
  }

  /** A method of an object literal. @param {Node} node a MemberExpression @returns {Node | undefined} */
  methodOfLiteral(node) {
    const object = unwrap(node.object);
    const definition = object.type === "Identifier" ? this.definitionOf(object) : undefined;
    const init =
      definition?.type === "Variable" && definition.node.init && unwrap(definition.node.init);
    if (init?.type !== "ObjectExpression") return undefined;
    const property = init.properties.find(
      (/** @type {Node} */ each) =>
        each.type === "Property" && propertyName(each) === propertyName(node),
    );
    return property && this.functionOf(property.value);
  }

  /** The local name of an export of mysyncio, if this file imports it. @param {string} name */
  localName(name) {
    for (const statement of this.sourceCode.ast.body) {
      if (statement.type !== "ImportDeclaration" || statement.importKind === "type") continue;
      if (!this.isModule(statement.source.value)) continue;
      for (const { type, local, imported, importKind } of statement.specifiers) {
        const isOne = type === "ImportSpecifier" && importKind !== "type";
        if (isOne && imported.name === name) return local.name;
        if (type === "ImportNamespaceSpecifier") return `${local.name}.${name}`;
      }
    }
    return undefined;
  }

  /** The name of a call or a function in messages. @param {Node} node */
  label(node) {
    const inner = unwrap(node);
    const callee = unwrap(inner.type === "CallExpression" ? inner.callee : inner);
    if (isFunction(callee)) return callee.id?.name ? `${callee.id.name}` : "function*";
    const text = this.sourceCode.getText(callee).replace(/\s+/g, " ");
    const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return inner.type === "CallExpression" ? `${short}(...)` : short;
  }
}

/** The value that a variable is declared with. @param {any} definition @returns {Node | undefined} */
export function initialValueOf(definition) {
  if (definition?.type !== "Variable" || definition.node.id.type !== "Identifier") return undefined;
  return definition.node.init ?? undefined;
}
