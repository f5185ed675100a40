// The configuration of VitePress.

import { readdirSync } from "node:fs";
import { type DefaultTheme, defineConfig, type MarkdownRenderer } from "vitepress";
import { guides } from "../prepare/guides.mjs";
import { CONTENT } from "../prepare/places.mjs";
import { withPolicy } from "../prepare/policy.mjs";
import { startLate } from "../prepare/startLate.mjs";
import { STEPS } from "../src/steps.ts";

const DESCRIPTION =
  "asyncio for TypeScript: tasks that can be cancelled while they wait, structured concurrency, and deterministic tests.";

const BASE = process.env["SITE_BASE"] ?? "/";

/** Without the reference, which takes most of the time. For work on the other pages. */
const isDraft = process.env["SITE_DRAFT"] === "1";

/** The titles of the folders that TypeDoc makes, in the order of the menu. */
const KINDS = [
  ["functions", "Functions"],
  ["classes", "Classes"],
  ["interfaces", "Interfaces"],
  ["type-aliases", "Types"],
  ["variables", "Constants"],
] as const;

const ENTRIES = ["mysyncio", "mysyncio/node", "mysyncio/browser", "mysyncio/testing"];

function foldersIn(path: string): string[] {
  return readdirSync(`${CONTENT}/reference/${path}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** The entries of the package, wherever TypeDoc wrote an index of one. */
function entriesBelow(path: string): string[] {
  const kinds = new Set<string>(KINDS.map(([folder]) => folder));
  const deeper = foldersIn(path).filter((name) => !kinds.has(name));
  return [path, ...deeper.flatMap((name) => entriesBelow(`${path}/${name}`))];
}

/** A menu for each entry, because one with all of them would make each page large. */
function referenceMenus(): DefaultTheme.SidebarMulti {
  const found = isDraft ? [] : entriesBelow("mysyncio");
  const rank = (name: string) => (ENTRIES.indexOf(name) + 1 || ENTRIES.length + 1) - 1;
  found.sort((a, b) => rank(a) - rank(b));
  const overview = {
    text: "Entry points",
    items: found.map((text) => ({ text, link: `/reference/${text}/` })),
  };
  const menus = found.map((entry): [string, DefaultTheme.SidebarItem[]] => [
    `/reference/${entry}/`,
    [overview, ...kindsIn(entry)],
  ]);
  return { "/reference/": [overview], ...Object.fromEntries(menus) };
}

function kindsIn(entry: string): DefaultTheme.SidebarItem[] {
  return KINDS.filter(([folder]) => foldersIn(entry).includes(folder)).map(([folder, text]) => ({
    text,
    items: readdirSync(`${CONTENT}/reference/${entry}/${folder}`)
      .map((file) => file.replace(/\.md$/, ""))
      .sort()
      .map((name) => ({ text: name, link: `/reference/${entry}/${folder}/${name}` })),
  }));
}

/** Tells styles how many lines a code block has, so that it takes its place before it is drawn. */
function tellLines({ renderer }: MarkdownRenderer): void {
  const { fence } = renderer.rules;
  renderer.rules.fence = (tokens, index, ...rest) => {
    const lines = tokens[index]?.content.trimEnd().split("\n").length ?? 0;
    const html = fence?.(tokens, index, ...rest) ?? "";
    return html.replace("<div ", `<div style="--lines:${lines}" `);
  };
}

const tutorialMenu: DefaultTheme.SidebarItem[] = [
  {
    text: "Build your own asyncio",
    link: "/tutorial/",
    items: STEPS.map(({ page, title }, index) => ({
      text: `${index + 1}. ${title}`,
      link: `/tutorial/${page}`,
    })),
  },
  { text: "The real loop", link: "/tutorial/real-loop" },
  { text: "The compiled core", link: "/tutorial/core" },
];

const guideMenu: DefaultTheme.SidebarItem[] = [
  { text: "Getting started", link: "/guide/" },
  { text: "Guides", items: guides() },
  {
    text: "The project",
    items: [
      { text: "Examples", link: "/source/examples" },
      { text: "Without WebAssembly", link: "/without-wasm", target: "_self" },
      { text: "A map of the source", link: "/guide/source-map" },
      { text: "Contributing", link: "/guide/contributing" },
      { text: "Changes", link: "/guide/changelog" },
    ],
  },
];

export default defineConfig({
  title: "mysyncio",
  description: DESCRIPTION,
  lang: "en",
  srcDir: "build/content",
  outDir: "dist",
  cacheDir: "build/cache",
  srcExclude: ["parts/**", ...(isDraft ? ["source/**"] : [])],
  ignoreDeadLinks: isDraft,
  cleanUrls: false,
  metaChunk: true,
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${BASE}icon.svg` }],
    ["meta", { name: "color-scheme", content: "light dark" }],
  ],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-default" },
    config: tellLines,
  },
  vue: {
    template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith("my-") } },
  },
  themeConfig: {
    nav: [
      { text: "Guides", link: "/guide/", activeMatch: "^/(guide|source)/" },
      { text: "Tutorial", link: "/tutorial/", activeMatch: "^/tutorial/" },
      { text: "Playground", link: "/playground" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
    ],
    sidebar: {
      "/guide/": guideMenu,
      "/source/": guideMenu,
      "/tutorial/": tutorialMenu,
      ...referenceMenus(),
    },
    search: { provider: "local" },
    outline: { level: [2, 3] },
    docFooter: { prev: "Previous", next: "Next" },
  },
  // Nothing that only Vue needs delays what the reader sees.
  shouldPreload: () => false,
  transformHtml: (html, file) => withPolicy(startLate(html, BASE), file),
});
