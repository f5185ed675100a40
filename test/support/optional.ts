// The parameters and options of public functions that may be left out, read from their
// declarations.

import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ENTRIES = ["index", "node", "browser", "testing"].map((name) => `${ROOT}src/${name}.ts`);

/** A parameter that may be left out, or a required one with options that may. */
export interface Optional {
  readonly name: string;
  readonly isRequired: boolean;
  /** The names of its optional options. */
  readonly options: readonly string[];
}

/**
 * The parameters that may be left out, or have options that may, by the names of the functions:
 * `run`, `Queue`, `Task.cancel`.
 */
export function optionalParameters(): Map<string, Optional[]> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const program = ts.createProgram(ENTRIES, options);
  const checker = program.getTypeChecker();
  const found = new Map<string, Optional[]>();

  for (const entry of ENTRIES) {
    const file = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile);
    for (const exported of checker.getExportsOfModule(file as ts.Symbol)) {
      const symbol =
        exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const [declaration] = symbol.declarations ?? [];
      if (declaration === undefined) continue;
      const type = checker.getTypeOfSymbol(symbol);
      if (symbol.flags & ts.SymbolFlags.Function) add(exported.name, type.getCallSignatures());
      if (!(symbol.flags & ts.SymbolFlags.Class)) continue;
      add(exported.name, publicConstructorsOf(type));
      for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        const [own] = member.declarations ?? [];
        if (own === undefined || !own.getSourceFile().fileName.startsWith(`${ROOT}src/`)) continue;
        if (/^[_#]|^__/.test(member.name) || ts.isPropertySignature(own)) continue;
        const signatures = checker.getTypeOfSymbol(member).getCallSignatures();
        const of = checker.getTypeAtLocation(own.parent).symbol.name;
        add(`${of}.${member.name}`, signatures);
      }
    }
  }
  return found;

  /** The constructors that users may call. */
  function publicConstructorsOf(type: ts.Type): readonly ts.Signature[] {
    return type
      .getConstructSignatures()
      .filter(({ declaration }) => !declaration || !/@internal/.test(jsDocOf(declaration)));
  }

  function jsDocOf(node: ts.Node): string {
    return ts
      .getJSDocCommentsAndTags(node)
      .map((tag) => tag.getText())
      .join();
  }

  function add(name: string, signatures: readonly ts.Signature[]): void {
    const all: Optional[] = [];
    for (const { parameters, declaration } of signatures) {
      if (declaration === undefined || !declaration.getSourceFile().fileName.startsWith(ROOT))
        continue;
      for (const parameter of parameters) {
        const node = parameter.valueDeclaration as ts.ParameterDeclaration;
        if (!node || !ts.isParameter(node) || node.dotDotDotToken) continue;
        const isOptional = node.questionToken !== undefined || node.initializer !== undefined;
        const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, node));
        const options = optionsOf(type);
        if (!isOptional && options.length === 0) continue;
        if (all.some((other) => other.name === parameter.name)) continue;
        all.push({ name: parameter.name, isRequired: !isOptional, options });
      }
    }
    if (all.length > 0) found.set(name, all);
  }

  /** The names of a type's optional properties, if it is an object of options. */
  function optionsOf(type: ts.Type): string[] {
    if (type.isUnion() || !(type.flags & ts.TypeFlags.Object)) return [];
    const properties = type.getProperties();
    const declared = properties.every(({ declarations = [] }) =>
      declarations.every(
        (node) =>
          ts.isPropertySignature(node) && !/node_modules/.test(node.getSourceFile().fileName),
      ),
    );
    if (!declared) return [];
    return properties
      .filter(({ flags }) => flags & ts.SymbolFlags.Optional)
      .map(({ name }) => name);
  }
}
