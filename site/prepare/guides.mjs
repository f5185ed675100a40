// The repository's documents as pages of the site. They have one source: links between them are
// rewritten here, and files that they link to get a page that shows them.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, posix } from "node:path";
import { at, CONTENT } from "./places.mjs";

/** Documents outside of docs/, by their page. */
const ELSEWHERE = {
  "README.md": "guide/index.md",
  "src/README.md": "guide/source-map.md",
  "CONTRIBUTING.md": "guide/contributing.md",
  "CHANGELOG.md": "guide/changelog.md",
};

/** The order in the menu. Other documents follow, in alphabetical order. */
const ORDER = [
  ...[
    "from-async-await",
    "cancellation",
    "structure",
    "recipes",
    "side-by-side",
    "every-day",
    "testing",
    "debugging",
    "inspector",
  ],
  ...["threads", "fleet", "frameworks", "asyncio"],
];

/** The only folder whose files get pages although no document links to them. */
const SHOWN_FOLDER = "examples";

const LANGUAGES = new Map([
  [".ts", "ts"],
  [".mjs", "js"],
  [".js", "js"],
  [".json", "json"],
  [".html", "html"],
  [".svg", "xml"],
]);

/** @type {Map<string, string>} the page of each document */
const PAGES = new Map([
  ...Object.entries(ELSEWHERE),
  ...readdirSync(at("docs"))
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => /** @type {[string, string]} */ ([`docs/${name}`, `guide/${name}`])),
]);

/** The menu: each guide's address and title. */
export function guides() {
  const found = [...PAGES]
    .filter(([source]) => source.startsWith("docs/"))
    .map(([source, page]) => ({ title: titleOf(textOf(source)), page }));
  const rankOf = (/** @type {{ page: string }} */ { page }) => {
    const rank = ORDER.indexOf(page.slice("guide/".length, -".md".length));
    return rank < 0 ? ORDER.length : rank;
  };
  return found
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map(({ title, page }) => ({ text: title, link: `/${page.slice(0, -".md".length)}` }));
}

/** Writes all documents, and the pages of the files that they link to. */
export function writeGuides() {
  /** @type {Set<string>} */
  const linked = new Set();
  for (const [source, page] of PAGES) {
    const description = `mysyncio: ${titleOf(textOf(source))}`;
    writePage(page, withFrontMatter(description, relink(source, page, textOf(source), linked)));
  }
  /** @type {Set<string>} */
  const written = new Set();
  for (;;) {
    const source = [...linked].find((path) => !written.has(path));
    if (source === undefined) return;
    written.add(source);
    writePage(pageOfFile(source), pageThatShows(source, linked));
  }
}

/** A section of the README, without its title. @param {string} title */
export function readmeSection(title) {
  const sections = textOf("README.md").split(/^## /m);
  const found = sections.find((section) => section.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`Expected a section "${title}" in README.md`);
  return relink("README.md", "index.md", found.slice(title.length).trim(), new Set());
}

/** What a document has between two marks. @param {string} source @param {string} mark */
export function marked(source, mark) {
  const [, found] = textOf(source).split(new RegExp(`<!-- /?${mark} -->`));
  if (found === undefined) throw new Error(`Expected <!-- ${mark} --> in ${source}`);
  return found.trim();
}

/**
 * @param {string} source
 * @param {string} page
 * @param {string} text
 * @param {Set<string>} linked gets the other files that it links to
 */
function relink(source, page, text, linked) {
  return text.replaceAll(
    /(!?)\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)|(!)\[([^\]]*)\]\(([^)]+\.(?:svg|png))\)/g,
    (match, _bang, target, hash = "", isPicture, words, picture) => {
      if (isPicture) {
        const path = posix.join(dirname(source), picture);
        return `![${words}](/${posix.basename(path)})`;
      }
      const path = posix.normalize(posix.join(dirname(source), target)).replace(/\/$/, "");
      if (/\.(svg|png)$/.test(path)) return match;
      if (!existsSync(at(path))) throw new Error(`${source} links to ${target}, which is missing`);
      const known = PAGES.get(path);
      if (known === undefined) linked.add(path);
      const to = posix.relative(dirname(page), known ?? pageOfFile(path));
      return `](${to.startsWith(".") ? to : `./${to}`}${hash})`;
    },
  );
}

/** @param {string} path */
function pageOfFile(path) {
  return `source/${path.replaceAll(".", "-")}.md`;
}

/** Keeps files out of the search: a reader who searches for a function wants its page. */
const NOT_FOUND = "search: false\n";

/**
 * A file in a code block, or the list of a folder's files.
 *
 * @param {string} path
 * @param {Set<string>} linked
 */
function pageThatShows(path, linked) {
  const title = `# ${path}\n`;
  if (!statSync(at(path)).isDirectory()) {
    const language = LANGUAGES.get(extname(path)) ?? "text";
    const text = textOf(path);
    const block = `\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\n`;
    return withFrontMatter(path, `${title}\n${block}`, NOT_FOUND);
  }
  const files = readdirSync(at(path), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|js|md)$/.test(entry.name))
    .map(({ name }) => `${path}/${name}`);
  const isShown = path === SHOWN_FOLDER;
  for (const file of files) if (isShown && !PAGES.has(file)) linked.add(file);
  const items = files.map((file) => {
    if (!isShown && !PAGES.has(file)) return `- ${posix.basename(file)}${summaryOf(file)}`;
    const to = posix.relative(dirname(pageOfFile(path)), PAGES.get(file) ?? pageOfFile(file));
    return `- [${posix.basename(file)}](${to.startsWith(".") ? to : `./${to}`})${summaryOf(file)}`;
  });
  return withFrontMatter(path, `${title}\n${items.join("\n")}\n`);
}

/** The first sentence of the comment at a file's top. @param {string} file */
function summaryOf(file) {
  const comment = /^(?:\/\/ .*\n)+/.exec(textOf(file))?.[0].replaceAll(/^\/\/ /gm, "");
  const sentence = comment?.replaceAll("\n", " ").match(/^.*?[.:](?= |$)/)?.[0];
  return sentence === undefined ? "" : `: ${sentence.replaceAll("<", "&lt;")}`;
}

/** @param {string} description @param {string} text @param {string} more lines */
function withFrontMatter(description, text, more = "") {
  return `---\ndescription: ${JSON.stringify(description)}\n${more}---\n\n${text}`;
}

/** @param {string} page @param {string} text */
function writePage(page, text) {
  const file = `${CONTENT}/${page}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @param {string} path */
function textOf(path) {
  return readFileSync(at(path), "utf8");
}

/** @param {string} text */
function titleOf(text) {
  return /^# (.*)$/m.exec(text)?.[1] ?? "";
}
