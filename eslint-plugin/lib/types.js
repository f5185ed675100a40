// Answers from types, if typescript-eslint provides them.
//
// A coroutine is a `Generator` that yields a type of mysyncio's own, marked by a property whose
// name compilers show when somebody forgets the star. The mark survives aliases, generics, unions
// and re-exports.

const MARK = "forgot the star?";

/** @typedef {import("./syntax.js").Node} Node */

/** @param {any} services the parser's @returns {Types | undefined} undefined without types */
export function newTypes(services) {
  if (!services?.program || !services.esTreeNodeToTSNodeMap) return undefined;
  return new Types(services);
}

/** What the types of a file say. */
export class Types {
  #services;
  #checker;

  /** @param {any} services */
  constructor(services) {
    this.#services = services;
    this.#checker = services.program.getTypeChecker();
  }

  /** @param {Node} node */
  #typeOf(node) {
    const tsNode = this.#services.esTreeNodeToTSNodeMap.get(node);
    return tsNode && this.#checker.getTypeAtLocation(tsNode);
  }

  /**
   * Whether `type`, or a part of it if it is a union or a type parameter, passes.
   *
   * @param {any} type
   * @param {(part: any) => boolean} passes
   * @returns {boolean}
   */
  #some(type, passes) {
    if (type === undefined) return false;
    if (type.isUnionOrIntersection())
      return type.types.some((/** @type {any} */ part) => this.#some(part, passes));
    if (type.isTypeParameter()) {
      const constraint = this.#checker.getBaseConstraintOfType(type);
      return constraint !== undefined && constraint !== type && this.#some(constraint, passes);
    }
    return passes(type);
  }

  /** @param {any} type */
  #isMarked(type) {
    return this.#some(type, (part) =>
      part
        .getProperties()
        .some((/** @type {any} */ { escapedName }) => String(escapedName).startsWith(MARK)),
    );
  }

  /** @param {any} type */
  #isCoroutineType(type) {
    return this.#some(type, (part) => {
      const isReference = part.symbol?.name === "Generator";
      return isReference && this.#isMarked(this.#checker.getTypeArguments(part)[0]);
    });
  }

  /** @param {any} type @param {string} name */
  #has(type, name) {
    return this.#some(type, (part) => this.#checker.getPropertyOfType(part, name) !== undefined);
  }

  /** @param {any} type */
  #returnTypes(type) {
    const parts = type === undefined ? [] : type.isUnion() ? type.types : [type];
    return parts.flatMap((/** @type {any} */ part) =>
      part
        .getCallSignatures()
        .map((/** @type {any} */ signature) => this.#checker.getReturnTypeOfSignature(signature)),
    );
  }

  /** @param {Node} node */
  isCoroutine(node) {
    return this.#isCoroutineType(this.#typeOf(node));
  }

  /** @param {Node} node */
  isFuture(node) {
    return this.#has(this.#typeOf(node), "addDoneCallback");
  }

  /** @param {Node} node */
  isPromise(node) {
    return this.#has(this.#typeOf(node), "then");
  }

  /** @param {Node} node */
  returnsCoroutine(node) {
    return this.#returnTypes(this.#typeOf(node)).some((/** @type {any} */ result) =>
      this.#isCoroutineType(result),
    );
  }

  /**
   * Whether an expression is expected to be a function whose result is ignored, or used only as a promise.
   *
   * @param {Node} node an expression
   */
  expectsCallback(node) {
    const tsNode = this.#services.esTreeNodeToTSNodeMap.get(node);
    const results = this.#returnTypes(tsNode && this.#checker.getContextualType(tsNode));
    if (results.length === 0) return false;
    return results.every((/** @type {any} */ result) =>
      (result.isUnion() ? result.types : [result]).every(
        (/** @type {any} */ part) =>
          this.#checker.typeToString(part) === "void" ||
          this.#checker.typeToString(part) === "undefined" ||
          part.symbol?.name === "Promise" ||
          part.symbol?.name === "PromiseLike",
      ),
    );
  }
}
