// The files of `MYSYNCIO_REPORT`.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { explore, replay, type ScheduleError } from "../../src/testing.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mysyncio-report-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function messageOf(main: () => Generator<unknown>, report?: string): Promise<string> {
  const failed: ScheduleError = await explore(main as never, { report }).then(
    () => expect.unreachable(),
    (error) => error,
  );
  return failed.message;
}

function* fails(): Generator<unknown> {
  yield;
  throw new Error("always");
}

test("MYSYNCIO_REPORT names the folder, and the message names the files", async () => {
  vi.stubEnv("MYSYNCIO_REPORT", join(folder, "new", "reports"));
  const message = await messageOf(fails);
  const files = Array.from(message.matchAll(/^ {4}(.*\.(?:html|md))$/gm), ([, file]) => file);

  expect(files).toHaveLength(2);
  expect(readFileSync(files[0] as string, "utf8")).toMatch(/^<!doctype html>/);
  expect(readFileSync(files[1] as string, "utf8")).toContain("```mermaid\nsequenceDiagram\n");
  expect(files[0]).toMatch(/fails-[0-9a-f]{8}\.html$/);

  // The same failure writes the same files again, and another failure writes others.
  expect(await messageOf(fails)).toBe(message);
  expect(readdirSync(join(folder, "new", "reports"))).toHaveLength(2);
  await messageOf(function* fails() {
    yield* [];
    throw new Error("always, too");
  });
  expect(readdirSync(join(folder, "new", "reports"))).toHaveLength(4);
});

test("the option `report` overrides the environment variable, and an empty variable means no report", async () => {
  vi.stubEnv("MYSYNCIO_REPORT", join(folder, "variable"));
  await messageOf(fails, join(folder, "option"));
  expect(readdirSync(folder)).toEqual(["option"]);

  vi.stubEnv("MYSYNCIO_REPORT", "");
  expect(await messageOf(fails)).not.toContain("timeline");
  expect(existsSync(join(folder, "variable"))).toBe(false);
});

test("a folder that can't be made is named in the message, after the failure", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const message = await messageOf(fails, file);
  expect(message).toMatch(/^`main` failed: Error: always\n/);
  expect(message).toMatch(/The report failed: EEXIST.*file/);
});

test("a replay writes the same files, prints their names, and leaves the error as it is", async () => {
  vi.stubEnv("MYSYNCIO_REPORT", folder);
  const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const explored = await explore(fails as never).catch((error: ScheduleError) => error);
    const { schedule } = explored as ScheduleError;
    const files = readdirSync(folder).sort();
    const before = files.map((file) => readFileSync(join(folder, file), "utf8"));
    for (const file of files) rmSync(join(folder, file));

    await expect(replay(fails as never, schedule)).rejects.toThrow(/^always$/);
    expect(readdirSync(folder).sort()).toEqual(files);
    expect(files.map((file) => readFileSync(join(folder, file), "utf8"))).toEqual(before);
    expect(printed.mock.calls.flat().join("")).toContain(join(folder, files[0] as string));

    // The same files are written if the environment names the schedule.
    vi.stubEnv("MYSYNCIO_SCHEDULE", schedule);
    for (const file of files) rmSync(join(folder, file));
    await expect(explore(fails as never)).rejects.toThrow(/^always$/);
    expect(readdirSync(folder).sort()).toEqual(files);
  } finally {
    printed.mockRestore();
  }
});
