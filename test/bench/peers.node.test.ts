// Comparing with another library, in its own process.

import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { PeerResult } from "../../bench/harness/besidePeers.ts";
import { messageOf } from "../../bench/harness/childResult.ts";

const CHILD = fileURLToPath(new URL("../../build/bench/child.js", import.meta.url));

/** The messages of a process that runs the case `future` beside the peer exported by `source`. */
async function beside(source: string): Promise<PeerResult | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "peer-"));
  try {
    const file = join(folder, "peer.mjs");
    writeFileSync(file, source);
    const env = { ...process.env, MYSYNCIO_BENCH_TRIAL: "1" };
    const args = ["future", "1", "alone", pathToFileURL(file).href];
    return await messageOf<PeerResult>(fork(CHILD, args, { execArgv: ["--expose-gc"], env }), "it");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a library that can do a case's work is compared in that case", async () => {
  const result = await beside(
    'export default { name: "able", works: { future: () => ({ milliseconds: 5 }) } };',
  );

  expect(result?.name).toBe("able");
  expect(Object.values(result?.rivals ?? {})).toMatchObject([{ name: "able" }]);
});

test("a library that cannot do a case's work is listed with a dash", async () => {
  const result = await beside('export default { name: "unable", works: {} };');

  expect(Object.values(result?.rivals ?? {})).toEqual([null]);
});

test("a library that is not installed is skipped without a failure", async () => {
  expect(await beside("export default undefined;")).toBe(undefined);
});
