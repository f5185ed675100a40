// ESLint as the tests use it: on plain JavaScript, on TypeScript without types, and with types.

import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { RuleTester } from "eslint";
import tseslint from "typescript-eslint";

RuleTester.describe = describe;
RuleTester.it = it;

export const FIXTURE = fileURLToPath(new URL("fixture", import.meta.url));

export const javascript = new RuleTester({
  languageOptions: {
    ecmaVersion: "latest",
    sourceType: "module",
    parserOptions: { ecmaFeatures: { jsx: true } },
  },
});
export const typescript = new RuleTester({
  languageOptions: { parser: tseslint.parser, parserOptions: { ecmaFeatures: { jsx: true } } },
});
export const typed = new RuleTester({
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { projectService: true, tsconfigRootDir: FIXTURE },
  },
  settings: { mysyncio: { typeChecked: true } },
});

/**
 * Runs the cases of a rule. A wrong one is a source, or a source and what it becomes, or what `RuleTester` takes.
 *
 * @param {RuleTester} tester
 * @param {string} name
 * @param {any} rule
 * @param {{ valid: any[], invalid: any[] }} cases
 */
export function testRule(tester, name, rule, { valid, invalid }) {
  const isTyped = tester === typed;
  const filename = isTyped ? `${FIXTURE}/file.ts` : undefined;
  const whole = (/** @type {any} */ each) => ({
    ...(filename && { filename }),
    ...(typeof each === "string" ? { code: each } : each),
  });
  tester.run(name, rule, { valid: valid.map(whole), invalid: invalid.map(whole) });
}
