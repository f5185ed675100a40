// Finds the awaits of a module, and the functions that they are in.
//
// Walks without recursion, because generated code may nest deeper than the stack allows.

import { directivesOf, forEachChild, nameOf, nodeIn, type SyntaxNode } from "./syntax.ts";

/** An `await`, or the `await` of a `for await`. */
export interface FoundAwait {
  readonly isLoop: boolean;
  /** The await expression, or the expression that a loop iterates over. */
  readonly node: SyntaxNode;
  /** The position of the keyword `await` or `for`. */
  readonly keyword: number;
  /** The function around the await, such as `get` or `Cache.get`. */
  readonly functionName: string;
}

/** What the search found in a module. */
export interface Findings {
  readonly awaits: FoundAwait[];
  /** Whether the module has syntax that only ECMAScript modules have. */
  readonly isModule: boolean;
  /** Whether the module mentions `require`, `module` or `exports`. */
  readonly isCommonJS: boolean;
  /** The specifiers of the module's static imports. */
  readonly imports: ReadonlySet<string>;
}

/** The directive at the beginning of a function or file whose awaits must not be marked. */
const DIRECTIVE = "use native await";
const COMMONJS_NAMES = ["require", "module", "exports"];

interface Visit {
  readonly node: SyntaxNode;
  /** The name of the function around the node. */
  readonly functionName: string;
  readonly className: string;
  /** The name that the node gets from its context, such as `f` in `const f = () => {}`. */
  readonly ownName: string;
  /** Whether the node is inside any function. */
  readonly isInFunction: boolean;
}

/** Finds what the transform needs to know about a program. */
export function findAwaits(program: SyntaxNode): Findings {
  const awaits: FoundAwait[] = [];
  const imports = new Set<string>();
  let isModule = false;
  let isCommonJS = false;
  const start = { functionName: "module", className: "", ownName: "", isInFunction: false };
  const waiting: Visit[] = [{ ...start, node: program }];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const { node, isInFunction } = visit;
    if (hasDirective(node)) continue;
    let { functionName, className } = visit;
    switch (node.type) {
      case "ImportDeclaration":
        imports.add(nameOf(nodeIn(node, "source")));
        isModule = true;
        break;
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
      case "ExportAllDeclaration":
        isModule = true;
        break;
      case "MetaProperty":
        isModule ||= nameOf(nodeIn(node, "meta")) === "import";
        break;
      case "Identifier":
        isCommonJS ||= COMMONJS_NAMES.includes(nameOf(node));
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        functionName = nameOf(nodeIn(node, "id")) || visit.ownName || "<anonymous>";
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        className = nameOf(nodeIn(node, "id")) || visit.ownName;
        break;
      case "AwaitExpression":
        isModule ||= !isInFunction;
        if (!isHoistedCall(nodeIn(node, "argument"))) {
          awaits.push({ isLoop: false, node, keyword: node.start, functionName });
        }
        break;
      case "ForOfStatement": {
        const iterated = nodeIn(node, "right");
        if (node["await"] !== true || iterated === undefined) break;
        isModule ||= !isInFunction;
        awaits.push({ isLoop: true, node: iterated, keyword: node.start, functionName });
        break;
      }
    }
    if (isHoistedCall(node)) continue;
    const isFunction = FUNCTIONS.has(node.type);
    const inner = { functionName, className, isInFunction: isInFunction || isFunction };
    forEachChild(node, (child, property) => {
      if (isOnlyAName(node, property)) return;
      waiting.push({ ...inner, node: child, ownName: ownNameIn(visit, className, property) });
    });
  }
  return { awaits, isModule, isCommonJS, imports };
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * Whether the child in `property` is a name that refers to no variable, such as the `b` of `a.b`.
 */
function isOnlyAName({ type, computed }: SyntaxNode, property: string): boolean {
  if (computed === true) return false;
  if (type === "MemberExpression") return property === "property";
  return property === "key" && type !== "ImportAttribute";
}

/** Returns the name that a function or class in `property` of the visited node gets. */
function ownNameIn({ node, ownName }: Visit, className: string, property: string): string {
  switch (node.type) {
    case "VariableDeclarator":
      return property === "init" ? nameOf(nodeIn(node, "id")) : "";
    case "AssignmentExpression":
    case "AssignmentPattern":
      return property === "right" ? nameOf(nodeIn(node, "left")) : "";
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property": {
      const name = node["computed"] === true ? "" : nameOf(nodeIn(node, "key"));
      const isMember = node.type !== "Property" && className !== "" && name !== "";
      return property !== "value" ? "" : isMember ? `${className}.${name}` : name;
    }
    case "ExportDefaultDeclaration":
      return "default";
    case "ParenthesizedExpression":
      return ownName;
    default:
      return "";
  }
}

function hasDirective(node: SyntaxNode): boolean {
  if (node.type === "Program") return isMarked(node);
  const body = FUNCTIONS.has(node.type) ? nodeIn(node, "body") : undefined;
  return body?.type === "BlockStatement" && isMarked(body);
}

function isMarked(block: SyntaxNode): boolean {
  return directivesOf(block).some(({ directive }) => directive === DIRECTIVE);
}

/**
 * Whether the node is a call of `vi.hoisted(...)`. Vitest moves such calls above all imports, so
 * also above the import that the transform adds.
 */
function isHoistedCall(node: SyntaxNode | undefined): boolean {
  const callee = node?.type === "CallExpression" ? nodeIn(node, "callee") : undefined;
  if (callee?.type !== "MemberExpression" || nameOf(callee) !== "hoisted") return false;
  return ["vi", "vitest"].includes(nameOf(nodeIn(callee, "object")));
}
