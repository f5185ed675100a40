// Does the README tell the truth? Its programs run exactly as printed, and print what it says.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Each program with the output that is printed after it. */
const PROGRAMS = [...README.matchAll(/^```ts\n(.*?)^```\n(.*?)^```text\n(.*?)^```$/gms)].map(
  ([, program = "", between = "", output = ""]) => ({ program, between, output }),
);

/** Writes `program` into a file within the package, so that its own name resolves. */
function save(program: string): string {
  const build = join(ROOT, "build");
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(join(build, "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.ts");
  writeFileSync(file, program);
  return file;
}

/** What the compiler says against a file, under the strict settings of this project. */
function complaintsAbout(file: string): string[] {
  const configFile = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

/** Compiles a file and runs it; what it prints. */
async function outputOf(file: string): Promise<string> {
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const compiled = join(dirname(file), "program.js");
  writeFileSync(compiled, outputText);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [compiled]);
  return stdout + stderr;
}

test("every program of the README is followed by its output", () => {
  expect(PROGRAMS.length).toBeGreaterThan(0);
  expect(PROGRAMS).toHaveLength(README.split("```ts\n").length - 1);
  for (const { between } of PROGRAMS) expect(between).not.toContain("```");
});

test.each(PROGRAMS)("program %# of the README compiles", { timeout: 30_000 }, ({ program }) => {
  expect(complaintsAbout(save(program))).toEqual([]);
});

test.each(PROGRAMS)("program %# of the README prints its output", async ({ program, output }) => {
  expect(await outputOf(save(program))).toBe(output);
});

test.each(["README.md", "src/README.md", "CONTRIBUTING.md"])("%s links to what exists", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = ""]) => target);

  expect(targets.length).toBeGreaterThan(0);
  expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});
