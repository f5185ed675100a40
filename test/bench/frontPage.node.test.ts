import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withRun } from "../../bench/harness/frontPage.ts";

const ROOT = new URL("../../", import.meta.url);

test("withRun() inserts the picture and a run's header line, and replaces an earlier header line", () => {
  const page = "a\n<!-- benchmarks -->\n<!-- /benchmarks -->\nb\n";
  const once = withRun(page, "Node 20");

  expect(once).toMatch(
    /^a\n<!-- benchmarks -->\n\n!\[.*\n\nNode 20\n\n<!-- \/benchmarks -->\nb\n$/,
  );
  expect(withRun(once, "Node 22")).toBe(once.replace("20", "22"));
  expect(() => withRun("a", "Node 20")).toThrow("Expected <!-- benchmarks -->");
});

test("the README shows the picture of the committed run, with the run's header line", () => {
  const { header } = JSON.parse(
    readFileSync(new URL("bench/results/latest.json", ROOT), "utf8"),
  ) as { header: string };

  expect(readFileSync(new URL("README.md", ROOT), "utf8")).toContain(`\n\n${header}\n\n`);
  expect(existsSync(new URL("bench/results/latest.svg", ROOT))).toBe(true);
});
