// Lets each page start without Vue, see src/page/whenNeeded.ts.

import { buildSync } from "esbuild";
import { at } from "./places.mjs";

/** The elements that src/elements defines. */
export const ELEMENTS = ["my-demo", "my-lab", "my-playground", "my-core"];

const MODULE = /\s*<script type="module" src="([^"]*)"><\/script>/g;

/** The theme switch has no name until Vue has started. */
const SWITCH = /<button class="VPSwitch VPSwitchAppearance" type="button"/g;

/** The scripts, by the modules that they start. @type {Map<string, string>} */
const scripts = new Map();

/**
 * Replaces the modules of a page by a script that loads them when they are needed.
 *
 * @param {string} html
 * @param {string} base the path at which the site is served
 */
export function startLate(html, base) {
  const modules = [...html.matchAll(MODULE)].map(([, address]) => address);
  if (modules.length === 0) throw new Error("Expected the page to have modules");
  const key = JSON.stringify(modules);
  const script = scripts.get(key) ?? scriptFor(key);
  scripts.set(key, script);
  const usesElements = ELEMENTS.some((name) => html.includes(`<${name}`));
  const elements = `<script type="module" src="${base}lib/elements.js"></script>`;
  return html
    .replaceAll(MODULE, "")
    .replaceAll(SWITCH, '$& aria-label="Dark theme"')
    .replace(/\s*<link rel="preload stylesheet" href="[^"]*vp-icons\.css" as="style">/, "")
    .replace("</head>", `  <script>${script}</script>${usesElements ? elements : ""}\n  </head>`);
}

/** @param {string} modules as JSON */
function scriptFor(modules) {
  const { outputFiles } = buildSync({
    entryPoints: [at("site/src/page/whenNeeded.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    define: { MODULES: modules, INDEPENDENT: JSON.stringify(ELEMENTS.join()) },
  });
  return outputFiles[0]?.text.trim() ?? "";
}
