// The programs of the README and of some pages of the documentation run exactly as printed, and
// print the output given there.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, onTestFinished, test, vi } from "vitest";
import { isExhaustive } from "./support/effort.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = [
  "README.md",
  "docs/cancellation.md",
  "docs/every-day.md",
  "docs/from-async-await.md",
  "docs/recipes.md",
  "docs/structure.md",
];
const TEXTS = PAGES.map((page) => readFileSync(join(ROOT, page), "utf8"));

/** Each program with the output that is printed after it. */
const PROGRAMS = TEXTS.flatMap((text, page) =>
  [...text.matchAll(/^```ts\n(.*?)^```\n(.*?)^```text\n(.*?)^```$/gms)].map(
    ([, program = "", between = "", output = ""]) => ({
      page: PAGES[page],
      program,
      between,
      output,
    }),
  ),
);
/** All compile in every lane. The exhaustive one also runs those of the other pages. */
const RUN = PROGRAMS.filter(({ page }) => page === "README.md" || isExhaustive());

/**
 * Sends each request over the network to the test's server, which never answers. The first use of
 * `fetch` loads its code, which takes longer on a busy machine than a program may wait.
 */
const LOCAL_FETCH = `
  const { fetch } = globalThis;
  if (process.env.SERVER) await fetch(process.env.SERVER + "/warm-up");
  globalThis.fetch = (url, options) =>
    fetch(String(url).startsWith("data:") ? url : process.env.SERVER, options);
`;

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

/** The compiler's errors for each of the files, under the strict settings of this project. */
function complaintsAbout(files: readonly string[]): string[] {
  const configFile = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  return ts.getPreEmitDiagnostics(ts.createProgram(files, options)).map(({ file, messageText }) => {
    const index = files.indexOf(file?.fileName ?? "");
    return `program ${index}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

/** Compiles a file, runs it against `server` instead of the internet, and returns its output. */
async function outputOf(file: string, server = ""): Promise<string> {
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const compiled = join(dirname(file), "program.js");
  writeFileSync(compiled, outputText);
  const preload = join(dirname(file), "preload.mjs");
  writeFileSync(preload, LOCAL_FETCH);
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--import", pathToFileURL(preload).href, compiled],
    { env: { ...process.env, SERVER: server } },
  );
  return stdout + stderr;
}

test("the README's first program closes its connection when it times out", async () => {
  let opened = 0;
  let closed = 0;
  const server = createServer((request, response) => {
    if (request.url === "/warm-up") {
      response.setHeader("Connection", "close").end();
      return;
    }
    opened++;
    request.socket.on("close", () => closed++);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const [{ program, output } = { program: "", output: "" }] = PROGRAMS;

  // A busy machine may run out of time before it has sent the request.
  for (let runs = 0; opened === 0 && runs < 5; runs++) {
    expect(await outputOf(save(program), `http://127.0.0.1:${port}`)).toBe(output);
  }
  expect(opened).toBe(1);
  await vi.waitFor(() => expect(closed).toBe(1), { timeout: 30_000 });
});

test("every program is followed by its output", () => {
  expect(PROGRAMS.length).toBeGreaterThan(0);
  expect(PROGRAMS).toHaveLength(TEXTS.join("").split("```ts\n").length - 1);
  for (const { between } of PROGRAMS) expect(between).not.toContain("```");
});

test("every program compiles", () => {
  expect(complaintsAbout(PROGRAMS.map(({ program }) => save(program)))).toEqual([]);
});

// The programs run in real time, and a busy machine may delay one so long that its order changes.
test.each(RUN.slice(1))(
  "program %# prints its output",
  { retry: 2 },
  async ({ program, output }) => {
    expect(await outputOf(save(program))).toBe(output);
  },
);

test.each([
  ...PAGES,
  "docs/frameworks.md",
  "docs/side-by-side.md",
  "src/README.md",
  "CONTRIBUTING.md",
])("%s links only to targets that exist", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = ""]) => target);

  expect(targets.length).toBeGreaterThan(0);
  expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});
