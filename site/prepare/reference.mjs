// The API reference: TypeDoc reads the published declarations, so internal members are not there.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Application } from "typedoc";
import { at, CONTENT } from "./places.mjs";
import { shortened } from "./shortened.mjs";

/**
 * The entries of the package that have declarations, by the name that programs import.
 *
 * @returns {{ name: string, declarations: string }[]}
 */
export function entries() {
  const { exports } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  return Object.entries(exports).flatMap(([path, { types }]) =>
    types === undefined
      ? []
      : [{ name: `mysyncio${path.slice(1)}`, declarations: at(types.replace("./", "")) }],
  );
}

/** Writes a page for each export. */
export async function writeReference() {
  const app = await Application.bootstrapWithPlugins({
    name: "API reference",
    entryPoints: entries().map(({ declarations }) => declarations),
    tsconfig: at("site/prepare/tsconfig.reference.json"),
    plugin: ["typedoc-plugin-markdown", at("site/prepare/entryNames.mjs")],
    skipErrorChecking: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    disableGit: true,
    readme: "none",
    logLevel: "Warn",
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    outputs: [{ name: "markdown", path: `${CONTENT}/reference` }],
    // The options of typedoc-plugin-markdown.
    ...{
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
      sanitizeComments: true,
      useHTMLEncodedBrackets: true,
      expandParameters: true,
      expandObjects: true,
      parametersFormat: "table",
      interfacePropertiesFormat: "table",
      typeAliasPropertiesFormat: "table",
      entryFileName: "index.md",
      pageTitleTemplates: { member: "{name}", module: "{name}" },
    },
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the declarations");
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc reported errors, see above");
  for (const name of readdirSync(`${CONTENT}/reference`, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".md")) continue;
    const file = `${CONTENT}/reference/${name}`;
    writeFileSync(file, shortened(readFileSync(file, "utf8")));
  }
}
