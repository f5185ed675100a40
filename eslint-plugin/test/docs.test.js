// Every example of the pages is what it says, and this project's own examples are clean.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ESLint, Linter } from "eslint";
import tseslint from "typescript-eslint";
import plugin from "../index.js";

const PLUGIN = new URL("..", import.meta.url);
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const CONFIG = [
  { files: ["**/*.ts"], languageOptions: { parser: tseslint.parser } },
  plugin.configs.recommended,
];
const rules = Object.entries(plugin.rules);

/** @param {string} code */
function complaintsAbout(code) {
  const messages = new Linter().verify(code, /** @type {any} */ (CONFIG), "example.ts");
  return messages.map(({ ruleId, message }) => ruleId ?? message);
}

/** The examples below a title. @param {string} page @param {string} title */
function examplesOf(page, title) {
  const [section = ""] = (page.split(`\n## ${title}\n`)[1] ?? "").split("\n## ");
  return [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);
}

for (const [name, rule] of rules) {
  const page = readFileSync(new URL(`docs/${name}.md`, PLUGIN), "utf8");

  test(`${name} links to its own page`, () => {
    assert.ok(rule.meta.docs.url.endsWith(`/eslint-plugin/docs/${name}.md`));
    assert.ok(page.startsWith(`# ${name}\n`));
  });

  test(`${name} reports every incorrect example on its page, and no other rule does`, () => {
    const examples = examplesOf(page, "Wrong");
    assert.ok(examples.length > 1);
    for (const code of examples) {
      assert.deepEqual([...new Set(complaintsAbout(code))], [`mysyncio/${name}`], code);
    }
  });

  test(`${name} and the other rules accept every correct example on its page`, () => {
    const examples = examplesOf(page, "Right");
    assert.ok(examples.length > 0);
    for (const code of examples) assert.deepEqual(complaintsAbout(code), [], code);
  });

  test(`${name} says in each message what to write instead`, () => {
    for (const [id, message] of Object.entries(rule.meta.messages)) {
      assert.match(message, /\b(Write|Start|Pass|Await|Begin|Assign|Leave|Decorate|Throw)\b/, id);
    }
  });
}

test("every page belongs to a rule", () => {
  assert.deepEqual(
    readdirSync(new URL("docs", PLUGIN)).sort(),
    rules.map(([name]) => `${name}.md`).sort(),
  );
});

test("both configs have all rules", () => {
  const all = rules.map(([name]) => `mysyncio/${name}`).sort();
  for (const { rules } of Object.values(plugin.configs))
    assert.deepEqual(Object.keys(rules).sort(), all);
});

test("recommendedTypeChecked says how to enable types if they are missing", () => {
  const config = [
    { languageOptions: { parser: tseslint.parser } },
    plugin.configs.recommendedTypeChecked,
  ];
  assert.throws(
    () => new Linter().verify("f();", /** @type {any} */ (config), "a.js"),
    /projectService/,
  );
});

test("the project's examples, including those in its README, pass every rule with types", async () => {
  const eslint = new ESLint({
    cwd: PROJECT,
    overrideConfigFile: true,
    overrideConfig: /** @type {any} */ ([
      {
        files: ["**/*.ts"],
        languageOptions: {
          parser: tseslint.parser,
          parserOptions: { projectService: true, tsconfigRootDir: PROJECT },
        },
        // Their own comments are for another linter.
        linterOptions: { reportUnusedDisableDirectives: "off" },
      },
      // The compiler's project leaves it out, because Fastify is installed for other tests only.
      { ignores: ["**/fastifyServer.ts"] },
      // Shows the mistake that the rule finds.
      { ignores: ["**/debugging/swallowedCancel.ts"] },
      plugin.configs.recommendedTypeChecked,
    ]),
  });
  const results = await eslint.lintFiles(["examples/**/*.ts"]);
  assert.ok(results.length > 10);
  const found = results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, ruleId, message }) => `${filePath}:${line} ${ruleId} ${message}`),
  );
  assert.deepEqual(found, []);

  const readme = readFileSync(new URL("../README.md", PLUGIN), "utf8");
  const programs = [...readme.matchAll(/```(?:ts|js)\n(.*?)```/gs)].map(([, code = ""]) => code);
  assert.ok(programs.length > 0);
  for (const code of programs) assert.deepEqual(complaintsAbout(code), [], code);
});
