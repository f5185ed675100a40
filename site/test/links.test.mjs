// Each link of each page leads to a page, file or heading that exists.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { test } from "node:test";
import { OUTPUT } from "../prepare/places.mjs";
import { basePath } from "./server.mjs";

const ORIGIN = "https://site.invalid/";
const BASE = basePath();

/** @type {Map<string, string>} */
const PAGES = new Map(
  readdirSync(OUTPUT, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => [name.split(sep).join("/"), readFileSync(join(OUTPUT, name), "utf8")]),
);

/** @type {Map<string, Set<string>>} */
const IDS = new Map(
  [...PAGES].map(([name, html]) => [
    name,
    new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => decode(id))),
  ]),
);

/** @param {string} text */
function decode(text) {
  return text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
}

/**
 * The file that a server sends for a path.
 *
 * @param {string} path
 */
function fileFor(path) {
  return [path, `${path}.html`, posix.join(path, "index.html")].find((name) => {
    const file = join(OUTPUT, name);
    return existsSync(file) && statSync(file).isFile();
  });
}

/** @param {string} name @param {string} html */
function brokenIn(name, html) {
  const targets = [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target = ""]) =>
    decode(target),
  );
  return [...new Set(targets)].flatMap((target) => {
    const url = new URL(target, new URL(`${BASE}${name}`, ORIGIN));
    if (url.origin !== new URL(ORIGIN).origin) return [];
    if (!url.pathname.startsWith(BASE)) return [`${name}: ${target} (outside of ${BASE})`];
    const file = fileFor(decodeURIComponent(url.pathname).slice(BASE.length));
    if (file === undefined) return [`${name}: ${target}`];
    const id = decodeURIComponent(url.hash.slice(1));
    const isThere = id === "" || !PAGES.has(file) || IDS.get(file)?.has(id);
    return isThere ? [] : [`${name}: ${target} (no such heading)`];
  });
}

test("every link of every page resolves", () => {
  assert.ok(
    PAGES.size > 200,
    `expected all pages, found ${PAGES.size} in ${relative(".", OUTPUT)}`,
  );
  assert.deepEqual(
    [...PAGES].flatMap(([name, html]) => brokenIn(name, html)),
    [],
  );
});

test("every page has a policy that allows no inline script but its own", () => {
  for (const [name, html] of PAGES) {
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    assert.match(policy ?? "", /default-src 'self'.*script-src 'self' 'sha256-/, name);
    assert.doesNotMatch(policy ?? "", /script-src[^;]*'unsafe-(inline|eval)'/, name);
  }
});
