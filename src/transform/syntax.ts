// The part of ESTree that the transform uses. All supported parsers produce ESTree.

/** A node of a syntax tree. Positions are offsets in the text, in UTF-16 units. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** Parses JavaScript. @throws SyntaxError if it can't */
export type ParseModule = (code: string) => SyntaxNode;

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Returns the node in a property, if there is one. */
export function nodeIn(node: SyntaxNode, property: string): SyntaxNode | undefined {
  const value = node[property];
  return isNode(value) ? value : undefined;
}

/** Returns the nodes in a property that holds a list. */
function nodesIn(node: SyntaxNode, property: string): readonly SyntaxNode[] {
  const value = node[property];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** Calls `visit` with each child. */
export function forEachChild(
  node: SyntaxNode,
  visit: (child: SyntaxNode, property: string) => void,
): void {
  for (const property in node) {
    const value = node[property];
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) visit(child, property);
    } else if (isNode(value)) {
      visit(value, property);
    }
  }
}

/** Returns the directives at the beginning of a program or of a function's block. */
export function directivesOf(block: SyntaxNode): readonly SyntaxNode[] {
  const statements = nodesIn(block, "body");
  const end = statements.findIndex(({ directive }) => typeof directive !== "string");
  return end < 0 ? statements : statements.slice(0, end);
}

/**
 * Returns the name in a node: an identifier, a key, or the property of a member expression. Empty
 * if there is none.
 */
export function nameOf(node: SyntaxNode | undefined): string {
  if (node === undefined) return "";
  const { type, name, value, computed } = node;
  if (type === "Identifier") return String(name);
  if (type === "PrivateIdentifier") return `#${String(name)}`;
  if (type === "Literal") return String(value);
  return type === "MemberExpression" && computed === false ? nameOf(nodeIn(node, "property")) : "";
}
