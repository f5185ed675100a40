// The compiler's message for a forgotten star names the fix.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One forgotten star per line. */
const LINES = [
  "export function* a(): Coroutine<void> { yield sleep(1); }",
  "export function* b(): Coroutine<void> { yield Promise.resolve(1); }",
  "export function* c(lock: Lock): Coroutine<void> { yield lock.acquire(); }",
  "run(function* () { yield sleep(1); });",
  "run(function* () { yield fetchLike(); });",
  "createTask(function* () { yield gather([sleep(1)]); });",
  "timeout(1, function* () { yield sleep(1); });",
  "taskGroup(function* (group) { yield group.createTask(sleep(1)); });",
  "mapConcurrent([1], function* (n) { yield sleep(n); });",
  "forEach([1], function* (n) { yield sleep(n); });",
  "toAsync(function* () { yield sleep(1); });",
  "toPromise(function* () { yield sleep(1); });",
  "race([function* () { yield sleep(1); }]);",
  "gather([(function* () { yield sleep(1); })()]);",
  "wait([function* () { yield sleep(1); }]);",
  "waitFor(function* () { yield sleep(1); }, 1);",
  "shield(function* () { yield sleep(1); });",
  "retry(function* () { yield sleep(1); });",
  "moveOnAfter(1, function* () { yield new Lock().acquire(); });",
  "new Lock().with(function* () { yield sleep(1); });",
  "taskGroup(function* (group) { group.createTask(function* () { yield sleep(1); }); });",
  "run(function* () { yield createTask(sleep(1)); });",
  "run(function* () { yield [sleep(1), sleep(2)]; });",
  "run(function* () { yield* [sleep(1), sleep(2)]; });",
  "run(function* () { yield sleep(1); yield* sleep(1); });",
];

/** The compiler's message for each line of `program`, reduced to its last line. */
function complaints(program: string): Map<number, string> {
  const build = join(ROOT, "build");
  mkdirSync(build, { recursive: true });
  // Within the package, so that its own name resolves to the published files.
  const file = join(mkdtempSync(join(build, "star-")), "program.ts");
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  writeFileSync(file, program);
  const compiled = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  });
  const found = new Map<number, string>();
  for (const { start = 0, file: source, messageText } of ts.getPreEmitDiagnostics(compiled)) {
    const line = source?.getLineAndCharacterOfPosition(start).line ?? -1;
    const text = ts.flattenDiagnosticMessageText(messageText, "\n");
    found.set(line, text.split("\n").at(-1) as string);
  }
  return found;
}

test("a forgotten star is a compile error whose message ends with the correct code", () => {
  const names = [
    "createTask, forEach, gather, Lock, mapConcurrent, moveOnAfter, race, retry, run, shield",
    "sleep, taskGroup, timeout, toAsync, toPromise, wait, waitFor",
  ].join(", ");
  const found = complaints(
    [
      ...LINES,
      `import { ${names}, type Coroutine } from "mysyncio";`,
      "declare function fetchLike(): Promise<string>;",
    ].join("\n"),
  );

  expect([...found.keys()].sort((a, b) => a - b)).toEqual(LINES.map((_, line) => line));
  for (const [line, text] of found) {
    expect(text, LINES[line]).toContain("Property '[FORGOTTEN_STAR]' is missing");
    expect(text, LINES[line]).toContain(
      "forgot the star? write `yield* ...`, and `yield* fromPromise(...)` for a promise",
    );
  }
});
