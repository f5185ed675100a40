// Each example of the API reference compiles under strict settings, and runs if all that it needs
// exists here.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Coroutine, moveOnAfter, run } from "mysyncio";
import { VirtualClock } from "mysyncio/testing";
import ts from "typescript";
import { afterAll, expect, test, vi } from "vitest";
import { type Example, examples } from "./examples.ts";
import { refill } from "./given.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLES = examples();

mkdirSync(join(ROOT, "build"), { recursive: true });
const FOLDER = mkdtempSync(join(ROOT, "build", "reference-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

// Modules that examples import.
for (const name of ["tasks", "images"]) {
  writeFileSync(
    join(FOLDER, `${name}.ts`),
    `import { defineTask } from "mysyncio/node";\n` +
      `export const resize = defineTask(import.meta.url, "resize", (width: number) => width);\n`,
  );
}

const FILES = new Map(
  EXAMPLES.map((example, index) => {
    const file = join(FOLDER, `example${index}.ts`);
    writeFileSync(file, example.module);
    return [example, file];
  }),
);

test("every example compiles", () => {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const lenient = { noUnusedLocals: false, noUnusedParameters: false, noImplicitReturns: false };
  const program = ts.createProgram([...FILES.values()], { ...options, ...lenient });
  const complaints = [...FILES].flatMap(([{ name }, file]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`),
  );

  expect(EXAMPLES.length).toBeGreaterThan(60);
  expect(complaints).toEqual([]);
});

test.each(EXAMPLES.filter(({ canRun }) => canRun))("$name runs", async (example) => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  refill();
  const running = runExample(example);
  if (example.throws === undefined) await running;
  else await expect(running).rejects.toMatchObject({ name: example.throws });
  log.mockRestore();
});

async function runExample(example: Example): Promise<void> {
  const file = FILES.get(example) ?? "";
  const module: { example?: () => Coroutine<unknown> } = await import(
    /* @vite-ignore */ pathToFileURL(file).href
  );
  if (!example.isCoroutine) return;
  const { example: body } = module;
  if (body === undefined) throw new Error("Expected the module to export `example`");
  // Some wait for events that never come.
  await run(() => moveOnAfter(10_000, body), { clock: new VirtualClock() });
}
