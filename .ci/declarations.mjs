// Writes the declarations of the package into dist/. Leaves out internal members, whose names begin
// with an underscore, and declarations marked `@internal`.

import ts from "typescript";

const { config } = ts.readConfigFile("tsconfig.build.json", ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
const program = ts.createProgram(fileNames, options);
program.emit(undefined, undefined, undefined, true, {
  afterDeclarations: [withoutInternalMembers],
});

/** @param {ts.TransformationContext} context */
function withoutInternalMembers(context) {
  /**
   * @param {ts.Node} node
   * @returns {ts.Node | undefined}
   */
  const visit = (node) => {
    const isMember = ts.isClassElement(node) || ts.isTypeElement(node);
    if (isMember && node.name && ts.isIdentifier(node.name) && node.name.text.startsWith("_")) {
      return undefined;
    }
    return ts.visitEachChild(node, visit, context);
  };
  /** @param {ts.SourceFile | ts.Bundle} file */
  return (file) => /** @type {ts.SourceFile} */ (visit(file));
}
