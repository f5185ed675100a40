// Does docs/testing.md tell the truth? Its program runs as printed, and prints what it says.

import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { output } from "../support/program.ts";

const PAGE = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");

function blocks(language: string): string {
  const found = PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...found].map(([, text = ""]) => text).join("");
}

test("the program of docs/testing.md prints what the page says", async () => {
  const { outputText } = ts.transpileModule(blocks("ts"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });

  expect(`${await output("program.mjs", outputText)}\n`).toBe(blocks("text"));
});
