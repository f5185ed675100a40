// The programs of the pages on testing run as printed, and print the output given there.

import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { output } from "../support/program.ts";

const PAGES = ["testing.md", "testing-async-code.md"];

function blocks(page: string, language: string): string {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...found].map(([, text = ""]) => text).join("");
}

test.each(PAGES)("the program of docs/%s prints the output on the page", async (page) => {
  const { outputText } = ts.transpileModule(blocks(page, "ts"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });

  expect(`${await output("program.mjs", outputText)}\n`).toBe(blocks(page, "text"));
});
