// Browsers, without a bundler: the package's modules unchanged, on a page that is cross-origin
// isolated.

import { chromium, firefox, htmlOf, resultsOfPage, webkit } from "../page.mjs";

/**
 * The targets of bare specifiers, which a page cannot resolve, and a worker not even with an import
 * map.
 */
const ENTRIES = {
  mysyncio: "index.js",
  "mysyncio/browser": "browser.js",
  "mysyncio/testing": "testing.js",
  "mysyncio/browser/thread": "browserThread.js",
};

export const browsers = [
  { name: "Chromium", key: "chromium", row: browser(chromium) },
  { name: "Firefox ESR", key: "firefox", row: browser(firefox) },
  { name: "WebKitGTK", key: "webkit", row: browser(webkit) },
];

/**
 * @param {() => import("../page.mjs").Browser} find
 * @returns {import("../row.mjs").Run}
 */
function browser(find) {
  return async ({ project }) => {
    const found = find();
    await project.install([]);
    project.copy("js", ["check", "browserTasks", "browserThreads", "thread", "page"]);
    project.write("index.html", htmlOf('<script type="module" src="/page.js"></script>'));
    const [program = "", ...args] = found.version;
    const version = await project.run(program, args);
    const results = await resultsOfPage(project, found, {
      folder: project.folder,
      isolated: true,
      resolve: (source) =>
        Object.entries(ENTRIES).reduce(
          (text, [name, file]) =>
            text.replaceAll(`"${name}"`, `"/node_modules/mysyncio/dist/${file}"`),
          source,
        ),
    });
    return { version: version.match(/\d[\d.]*/)?.[0] ?? version, results };
  };
}
