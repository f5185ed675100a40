// The plugin in oxlint, which loads it as a JavaScript plugin, without types.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import plugin from "../index.js";

const PLUGIN = fileURLToPath(new URL("..", import.meta.url));
const OXLINT = join(PLUGIN, "node_modules", "oxlint", "bin", "oxlint");
const folder = mkdtempSync(join(PLUGIN, "node_modules", ".oxlint-"));
after(() => rmSync(folder, { recursive: true }));

const config = join(folder, "oxlintrc.json");
writeFileSync(
  config,
  JSON.stringify({
    jsPlugins: [join(PLUGIN, "index.js")],
    categories: { correctness: "off" },
    rules: plugin.configs.recommended.rules,
  }),
);

/** @param {string} file @param {string[]} options */
function lint(file, ...options) {
  const command = [OXLINT, "--format", "json", "--config", config, ...options, file];
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  assert.ok(stdout.startsWith("{"), stdout + stderr);
  return JSON.parse(stdout).diagnostics.map((/** @type {{ code: string }} */ { code }) => code);
}

/** @param {string} name @param {string} code */
function write(name, code) {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

for (const name of Object.keys(plugin.rules)) {
  const page = readFileSync(join(PLUGIN, "docs", `${name}.md`), "utf8");
  const [wrong = "", right = ""] = page.split("\n## Right\n");
  const examples = (/** @type {string} */ text) =>
    [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);

  test(`oxlint reports the incorrect examples on the page of ${name}, and accepts the correct ones`, () => {
    examples(wrong).forEach((code, index) => {
      assert.deepEqual(
        [...new Set(lint(write(`${name}${index}.ts`, code)))],
        [`mysyncio(${name})`],
        code,
      );
    });
    for (const code of examples(right)) assert.deepEqual(lint(write(`${name}.ts`, code)), [], code);
  });
}

test("`oxlint --fix` adds a forgotten star", () => {
  const source =
    'import { run, sleep } from "mysyncio";\nawait run(function* () {\n  yield sleep(1);\n});\n';
  const file = write("fix.ts", source);
  lint(file, "--fix");
  assert.equal(readFileSync(file, "utf8"), source.replace("yield sleep", "yield* sleep"));
});
