// The programs that the site offers compile under strict settings.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../prepare/places.mjs";
import { complaintsAbout, PROGRAMS } from "./compile.mjs";
import { tutorialPrograms } from "./programs.mjs";

/** @param {string} name */
const fileOf = (name) => `${PROGRAMS}/${name.replaceAll(/\W+/g, "-")}.ts`;

test("an error in a program is reported with its line", () => {
  const wrong = 'import { sleep } from "mysyncio";\nsleep("soon");\n';
  assert.match(
    complaintsAbout(new Map([[fileOf("wrong"), wrong]])).join("\n"),
    /wrong\.ts:2: .*string/,
  );
});

test("the tutorial's programs compile", () => {
  const programs = tutorialPrograms();
  assert.ok(programs.length >= 10);
  const files = programs.map(({ page, program }) => /** @type {const} */ ([fileOf(page), program]));
  assert.deepEqual(complaintsAbout(new Map(files)), []);
});

test("the playground's examples compile", () => {
  const source = readFileSync(at("site/src/elements/samples.ts"), "utf8");
  const texts = [...source.matchAll(/^const \w+ = `(.*?)`;$/gms)].map(([, text = ""]) =>
    text.replaceAll("\\`", "`").replaceAll("\\${", "${"),
  );
  assert.ok(texts.length >= 5);
  const files = texts.map((text, index) => /** @type {const} */ ([fileOf(`${index}`), text]));
  assert.deepEqual(complaintsAbout(new Map(files)), []);
});
