// Each code block of each page runs or compiles, in one of the project's tests or in this one. The
// others are listed, with the reason. Over 300 lines, most of them the list of tests and
// exceptions, which is checked as a whole.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../prepare/places.mjs";
import { EXCEPTIONS, isExcepted, isTested, TESTED } from "./checkedElsewhere.mjs";
import { blocksIn, blocksOfAllPages } from "./codeBlocks.mjs";
import { complaintsAbout, PROGRAMS } from "./compile.mjs";
import { MODULES_OF_PAGES, OF_ADAPTERS, OF_PAGES, PACKAGES } from "./given.mjs";

/** @typedef {import("./codeBlocks.mjs").Block} Block */

const ALL = blocksOfAllPages();

/** Languages that this test compiles, with the extension of the compiler's files. */
const COMPILED = new Map([
  ["ts", "ts"],
  ["js", "ts"],
  ["jsx", "tsx"],
  ["html", "ts"],
]);

/** The programs of the tutorial, which run in site/test/tutorial.test.mjs. @param {Block} block */
function isProgramOfTutorial({ page, language }) {
  return page.startsWith("tutorial/") && page !== "tutorial/index" && /^(ts|text)$/.test(language);
}

/** @param {Block} block */
const isSource = ({ page }) => page.startsWith("source/");

/** The front page's example, which the site's elements import. @param {Block} block */
const isDemo = ({ page }) => page === "parts/demo";

/** @param {Block} block */
const isReference = ({ page }) => page.startsWith("reference/");

const OPTIONS_OF_COMMAND = "guide/fleet";
const REST = ALL.filter(
  (block) =>
    !isSource(block) &&
    !isReference(block) &&
    !isDemo(block) &&
    !isProgramOfTutorial(block) &&
    !isTested(block) &&
    !isExcepted(block),
);

test("every block is run, compiled, compared with its source, or listed as an exception", () => {
  const unchecked = REST.filter(
    ({ page, language }) =>
      !COMPILED.has(language) &&
      language !== "json" &&
      !(page === OPTIONS_OF_COMMAND && language === "text"),
  );
  assert.ok(ALL.length > 500, `${ALL.length} blocks`);
  assert.deepEqual(
    unchecked.map(({ name, language }) => `${name}: nothing checks this block of ${language}`),
    [],
  );
});

test("every test and every exception refers to a block that exists", () => {
  for (const which of [...TESTED, ...EXCEPTIONS]) {
    for (const page of which.pages) {
      for (const language of which.languages) {
        const found = ALL.some((block) => block.page === page && block.language === language);
        assert.ok(found, `${page} has no block of ${language}`);
      }
    }
  }
});

test("where a test expects one block, or pairs of blocks, the page has exactly those", () => {
  const count = (/** @type {string} */ page, /** @type {string} */ language) =>
    ALL.filter((block) => block.page === page && block.language === language).length;
  // A program and its output.
  assert.equal(count("guide/asyncio", "ts"), 1);
  assert.equal(count("guide/asyncio", "text"), 1);
  // Programs and their outputs, and a table that `npm start` prints and writes.
  assert.equal(count("guide/index", "text"), count("guide/index", "ts") + 1);
  // Commands and their outputs, and the same command in one line with its program.
  assert.equal(count("guide/debugging", "sh"), count("guide/debugging", "text") + 1);
});

test("every test names the pages whose blocks it checks", () => {
  for (const { test: file, pages } of TESTED) {
    assert.ok(existsSync(at(file)), file);
    const text = readFileSync(at(file), "utf8");
    for (const page of pages) {
      const source = page === "guide/index" ? "README.md" : page.replace("guide/", "");
      assert.ok(text.includes(`${source.replace(/\.md$/, "")}.md`), `${file} doesn't name ${page}`);
    }
  }
});

test("pages that show a file show the whole file", () => {
  const shown = ALL.filter(isSource).filter(({ page }) => !page.includes("/docs/"));
  assert.ok(shown.length > 30, `${shown.length} files`);
  for (const { page, code } of shown) {
    const path = page.replace("source/", "").replace(/-(\w+)$/, ".$1");
    const candidates = [path, path.replaceAll("-", ".")].filter((name) => existsSync(at(name)));
    const isShown = candidates.some(
      (name) => readFileSync(at(name), "utf8").trimEnd() === code.trimEnd(),
    );
    assert.ok(isShown, `${page} is not ${path}`);
  }
});

test("the front page shows the program that it runs", () => {
  const program = readFileSync(at("site/src/elements/downloads.ts"), "utf8");
  assert.deepEqual(
    ALL.filter(isDemo).map(({ code }) => code),
    [program],
  );
});

test("the documented options of the commands are listed in their help", () => {
  const help = readFileSync(at("src/cli/usage.ts"), "utf8");
  const [block] = REST.filter(
    ({ page, language }) => page === OPTIONS_OF_COMMAND && language === "text",
  );
  const options = block?.code.match(/--\w+/g) ?? [];
  assert.ok(options.length > 5);
  for (const option of options) assert.ok(help.includes(`  ${option} `), option);
});

test("every JSON block parses, and names rules that exist", () => {
  const rules = new Set(readdirSync(at("eslint-plugin/docs")).map((name) => name.slice(0, -3)));
  const blocks = REST.filter(({ language }) => language === "json");
  assert.ok(blocks.length > 0);
  for (const { code, name } of blocks) {
    const { rules: used = {} } = JSON.parse(code);
    for (const rule of Object.keys(used)) {
      assert.ok(rules.has(rule.replace("mysyncio/", "")), `${name}: ${rule}`);
    }
  }
});

test("every block that no other test checks compiles", () => {
  /** @type {Map<string, string>} */
  const programs = new Map();
  const unused = new Set(
    Object.entries(OF_PAGES).flatMap(([page, given]) =>
      Object.keys(given).map((line) => `${page}: ${line}`),
    ),
  );
  const untyped = new Set();
  for (const [index, block] of REST.filter(({ language }) => COMPILED.has(language)).entries()) {
    const { page, language } = block;
    const code = language === "html" ? scriptIn(block) : block.code;
    const [first = ""] = code.split("\n");
    const [, named] = /^\/\/ (\w+)\.ts$/.exec(first) ?? [];
    const given = OF_PAGES[page]?.[first];
    unused.delete(`${page}: ${first}`);
    const file = `${PROGRAMS}/${page}/${named ?? `block${index}`}.${COMPILED.get(language)}`;
    assert.ok(!programs.has(file), file);
    programs.set(file, programOf(code, given));
    if (language.startsWith("js")) untyped.add(file);
  }
  for (const [page, modules] of Object.entries(MODULES_OF_PAGES)) {
    for (const [name, text] of Object.entries(modules))
      programs.set(`${PROGRAMS}/${page}/${name}`, text);
  }
  assert.ok(programs.size > 15);
  assert.deepEqual(
    complaintsAbout(withPackages(programs), (file) => untyped.has(file)),
    [],
  );
  assert.deepEqual([...unused], []);
});

test("every block of the reference is a declaration, or an example that a test compiles", () => {
  const outside = commentsIn("src").flatMap(({ path, comment }) => {
    const [before = ""] = comment.split(/^@example$/m);
    return blocksIn(path, before).map(({ name }) => name);
  });
  // TypeDoc writes the other blocks, from the declarations.
  assert.deepEqual(outside, [], "blocks that are not examples");

  const reference = readFileSync(at("test/reference/examples.ts"), "utf8");
  assert.ok(reference.includes('const OF_ADAPTERS = "adapters/";'));
  assert.ok(ALL.filter(isReference).length > 500);
});

test("the examples of adapters compile", () => {
  const examples = commentsIn("src/adapters").flatMap(({ path, comment }) =>
    comment
      .split(/^@example\n/m)
      .slice(1)
      .map((code) => ({ path, code: code.split(/^@/m)[0]?.trim() ?? "" })),
  );
  const programs = new Map(
    examples.map(({ path, code }) => [
      `${PROGRAMS}/adapters/${path}x`,
      programOf(code.replaceAll(/^```(ts)?$/gm, ""), OF_ADAPTERS[path]),
    ]),
  );
  assert.deepEqual(examples.map(({ path }) => path).sort(), Object.keys(OF_ADAPTERS).sort());
  assert.deepEqual(complaintsAbout(withPackages(programs)), []);
});

test("a block that doesn't compile is reported with its line", () => {
  const file = `${PROGRAMS}/guide/wrong/block.ts`;
  const wrong = new Map([[file, 'import { toThread } from "mysyncio/node";\ntoThread(1);\n']]);
  assert.match(complaintsAbout(wrong, () => true).join("\n"), /block\.ts:2: /);
});

/**
 * A block as a module. What is given follows it, so that the block keeps its lines.
 *
 * @param {string} code
 * @param {import("./given.mjs").Given} [given]
 */
function programOf(code, { declares = "", within } = { declares: "" }) {
  return within === undefined ? `${code}\n${declares}\n` : `${within} { ${code}\n}\n${declares}\n`;
}

/** @param {Map<string, string>} programs */
function withPackages(programs) {
  const packages = Object.entries(PACKAGES).map(
    ([name, text]) => /** @type {const} */ ([`${PROGRAMS}/node_modules/${name}/index.d.ts`, text]),
  );
  return new Map([...programs, ...packages]);
}

/** The module within a piece of HTML. @param {Block} block */
function scriptIn({ code, name }) {
  const script = /<script type="module">\n(.*?)<\/script>/s.exec(code)?.[1];
  assert.ok(script !== undefined, `${name} has no module`);
  return script;
}

/** The doc comments of a folder, without their stars. @param {string} folder */
function commentsIn(folder) {
  return readdirSync(at(folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => {
      const text = readFileSync(at(`${folder}/${path}`), "utf8");
      return [...text.matchAll(/\/\*\*(.*?)\*\//gs)].map(([, comment = ""]) => ({
        path,
        comment: comment.replaceAll(/^ *\* ?/gm, ""),
      }));
    });
}
