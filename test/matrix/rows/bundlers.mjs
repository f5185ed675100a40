// Bundlers: a production build of the page, served as plain files and opened in Chromium.

import { chromium, htmlOf, resultsOfPage } from "../page.mjs";

const PAGE = ["check", "browserTasks", "browserThreads", "thread", "page"];

/**
 * @typedef {object} Bundler
 * @property {string} name
 * @property {string[]} tools The version of the first one is reported.
 * @property {"ts" | "js"} language
 * @property {Record<string, string>} [files] Configuration files that a user writes, besides the page itself.
 * @property {string[][]} build
 * @property {string} [script] The script that the page loads, if the bundler does not write the page.
 */

/** @type {Bundler[]} */
const BUNDLERS = [
  {
    name: "Vite",
    tools: ["vite"],
    language: "ts",
    files: { "index.html": htmlOf('<script type="module" src="/page.ts"></script>') },
    build: [["vite", "build"]],
  },
  {
    name: "webpack",
    tools: ["webpack", "webpack-cli"],
    language: "js",
    build: [["webpack", "--mode", "production", "--entry", "./page.js"]],
    script: '<script src="/main.js"></script>',
  },
  {
    name: "Rspack",
    tools: ["@rspack/core", "@rspack/cli"],
    language: "ts",
    files: {
      "rspack.config.mjs": `export default {
  mode: "production",
  entry: "./page.ts",
  module: {
    rules: [
      {
        test: /\\.ts$/,
        loader: "builtin:swc-loader",
        // Else it makes state machines of generators, for browsers that have none.
        options: { jsc: { parser: { syntax: "typescript" }, target: "es2022" } },
        type: "javascript/auto",
      },
    ],
  },
};
`,
    },
    build: [["rspack", "build"]],
    script: '<script src="/main.js"></script>',
  },
  {
    name: "Rollup",
    tools: ["rollup", "@rollup/plugin-node-resolve"],
    language: "js",
    build: [["rollup", "page.js", "thread.js", "-d", "dist", "-p", "node-resolve"]],
    script: '<script type="module" src="/page.js"></script>',
  },
  {
    name: "esbuild",
    tools: ["esbuild"],
    language: "js",
    build: [
      [
        ...["esbuild", "page.js", "thread.js", "--bundle", "--splitting"],
        ...["--format=esm", "--minify", "--outdir=dist"],
      ],
    ],
    script: '<script type="module" src="/page.js"></script>',
  },
  {
    name: "Parcel",
    tools: ["parcel"],
    language: "ts",
    files: {
      "index.html": htmlOf('<script type="module" src="./page.ts"></script>'),
      // Parcel ignores the `exports` of packages by default.
      "package.json": `{ "private": true, "@parcel/resolver-default": { "packageExports": true } }\n`,
    },
    build: [["parcel", "build", "index.html", "--no-cache"]],
  },
];

export const bundlers = BUNDLERS.map((bundler) => ({
  name: bundler.name,
  key: bundler.name.toLowerCase(),
  row: rowOf(bundler),
}));

/**
 * @param {Bundler} bundler
 * @returns {import("../row.mjs").Run}
 */
function rowOf({ tools, language, files = {}, build, script }) {
  return async ({ project }) => {
    const browser = chromium();
    for (const [name, content] of Object.entries(files)) project.write(name, content);
    await project.install(tools);
    project.copy(language, PAGE);
    for (const [command = "", ...args] of build) await project.run(command, args);
    if (script !== undefined) project.write("dist/index.html", htmlOf(script));
    const results = await resultsOfPage(project, browser, { folder: project.file("dist") });
    return { version: project.versionOf(tools[0] ?? ""), results };
  };
}
