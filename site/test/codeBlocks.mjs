// The code blocks of the pages.

import { readdirSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import { CONTENT } from "../prepare/places.mjs";

/**
 * @typedef {object} Block
 * @property {string} page such as `guide/threads`
 * @property {string} language
 * @property {string} code
 * @property {string} name such as `guide/threads, line 10`
 */

const FENCE = /^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`{]*)[^\n`]*\n(.*?)^[ \t]*\2`*~*[ \t]*$/gms;

/** The blocks of all pages, in order. @returns {Block[]} */
export function blocksOfAllPages() {
  return readdirSync(CONTENT, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => file.split(sep).join("/"))
    .sort()
    .flatMap((file) =>
      blocksIn(file.slice(0, -".md".length), readFileSync(`${CONTENT}/${file}`, "utf8")),
    );
}

/** @param {string} page @param {string} text @returns {Block[]} */
export function blocksIn(page, text) {
  return [...text.matchAll(FENCE)].map(({ 3: language = "", 4: code = "", index }) => {
    const line = text.slice(0, index).split("\n").length;
    return { page, language, code, name: `${page}, line ${line}` };
  });
}
