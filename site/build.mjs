// npm run site [-- --base /path/]: builds the site into site/dist. `--draft` leaves out the
// reference and the sources, which take most of the time.
//
// Assembles the pages first: the repository's documents, the reference, and the parts of the front
// page that come from the last runs. VitePress then turns them into HTML.

import { cpSync, readdirSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "vitepress";
import { writeFrontPage } from "./prepare/frontPage.mjs";
import { writeGuides } from "./prepare/guides.mjs";
import { writeLibrary } from "./prepare/library.mjs";
import { at, CONTENT, OUTPUT, PUBLIC } from "./prepare/places.mjs";
import { writeReference } from "./prepare/reference.mjs";

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "/" },
    draft: { type: "boolean", default: false },
  },
});

// The configuration of VitePress reads these variables.
process.env["SITE_BASE"] = values.base;
process.env["SITE_DRAFT"] = values.draft ? "1" : "0";

rmSync(CONTENT, { recursive: true, force: true });
rmSync(OUTPUT, { recursive: true, force: true });
cpSync(at("site/pages"), CONTENT, { recursive: true });
for (const name of readdirSync(at("bench/results"))) {
  if (name.endsWith(".svg")) cpSync(at(`bench/results/${name}`), `${PUBLIC}/${name}`);
}
for (const name of readdirSync(at("docs"))) {
  if (/\.(png|svg)$/.test(name)) cpSync(at(`docs/${name}`), `${PUBLIC}/${name}`);
}
writeGuides();
writeFrontPage();
await writeLibrary();
if (!values.draft) await writeReference();
await build(at("site"), { base: values.base });
console.log(`Built ${OUTPUT}`);
