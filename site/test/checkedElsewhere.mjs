// Which blocks the project's other tests take, and which nothing can check.

/** @typedef {import("./codeBlocks.mjs").Block} Block */

/** What an exception or a test is about. @typedef {{ pages: string[], languages: string[] }} Which */

/**
 * The tests that take all blocks of a page in some languages. Each names the pages.
 *
 * @type {(Which & { test: string })[]}
 */
export const TESTED = [
  {
    pages: [
      ...["index", "cancellation", "every-day", "from-async-await", "recipes", "structure"],
    ].map((name) => `guide/${name}`),
    languages: ["ts", "text"],
    test: "test/readme.node.test.ts",
  },
  {
    pages: ["guide/testing", "guide/testing-async-code"],
    languages: ["ts", "text"],
    test: "test/testing/docs.node.test.ts",
  },
  {
    pages: ["guide/side-by-side"],
    languages: ["ts"],
    test: "test/examples/sideBySide.node.test.ts",
  },
  { pages: ["guide/asyncio"], languages: ["ts", "text"], test: "test/docs.node.test.ts" },
  {
    pages: ["guide/debugging"],
    languages: ["sh", "text"],
    test: "test/examples/debugging.node.test.ts",
  },
];

/** @type {(Which & { reason: string })[]} */
export const EXCEPTIONS = [
  { pages: ["guide/asyncio"], languages: ["python"], reason: "the program to port, in Python" },
  { pages: ["guide/index"], languages: ["sh"], reason: "installs the package from npm" },
  {
    pages: ["guide/testing", "guide/testing-async-code"],
    languages: ["sh"],
    reason: "calls a test runner with the reader's own tests",
  },
  {
    pages: ["guide/compatibility"],
    languages: ["sh"],
    reason: "commands of this repository that take minutes",
  },
  {
    pages: ["guide/performance"],
    languages: ["text"],
    reason: "the form of an output, without its numbers",
  },
  {
    pages: ["guide/every-day", "guide/testing", "guide/testing-async-code"],
    languages: [""],
    reason: "a report about a program that the page doesn't show",
  },
  { pages: ["guide/source-map"], languages: ["text"], reason: "a drawing" },
];

/** @param {Which} which @param {Block} block */
function isAbout({ pages, languages }, { page, language }) {
  return pages.includes(page) && languages.includes(language);
}

/** @param {Block} block */
export function isTested(block) {
  return TESTED.some((one) => isAbout(one, block));
}

/** @param {Block} block */
export function isExcepted(block) {
  return EXCEPTIONS.some((one) => isAbout(one, block));
}
