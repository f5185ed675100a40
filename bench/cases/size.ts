import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { budgets, shippedSize } from "../../.ci/size.mjs";
import type { Case, Figure, Measured } from "../harness/compare.ts";
import { at } from "../harness/paths.ts";

const SRC = fileURLToPath(at("src"));
const KB = 1_000;
/** What the smallest useful program imports. */
const FEW = "{ run, sleep, createTask }";
/** The name of the core's part: two characters for each of its bytes. */
const CORE_BYTES = "the core's bytes";

/** The parts of the main entry, minified, by the layers of the source. They add up to the whole. */
function parts(): Figure[] {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [`${SRC}/index.ts`],
    absWorkingDir: SRC,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    outdir: "out",
    write: false,
    metafile: true,
  });
  const bytesOf = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const part = partOf(file);
      bytesOf.set(part, (bytesOf.get(part) ?? 0) + bytesInOutput);
    }
  }
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  // Compression depends on the whole code, so each part gets a proportional share.
  const rate = gzipSync(code, { level: 9 }).length / code.length;
  return [...bytesOf]
    .sort(([, a], [, b]) => b - a)
    .map(([part, bytes]) => ({
      what: "of the main entry, gzipped in proportion",
      note: part,
      value: (bytes * rate) / KB,
      unit: "kB",
    }));
}

function partOf(file: string): string {
  if (file.endsWith("core/bytes.ts")) return CORE_BYTES;
  const [folder = "", ...rest] = file.split("/");
  return rest.length === 0 ? "run, runner, eventLoop" : `${folder}/`;
}

async function measure(): Promise<Measured> {
  const shipped = budgets().map(
    ({ name, size, limit }): Figure => ({ what: name, value: size, unit: "bytes", atMost: limit }),
  );
  const core = readFileSync(at("dist/core.wasm")).length;
  const main = budgets()[0]?.size ?? NaN;
  return {
    figures: [
      ...shipped,
      { what: "the compiled core, uncompressed", value: core, unit: "bytes", atMost: 2_048 },
      {
        what: `a program that imports only ${FEW}, gzipped`,
        value: shippedSize("browser", FEW) / KB,
        unit: "kB",
        atMost: 12,
      },
      { what: "main entry with everything, gzipped", value: main / KB, unit: "kB", atMost: 24 },
      ...parts(),
    ],
  };
}

export default {
  name: "size",
  question: "How much code do users ship, and for which parts?",
  measure,
} satisfies Case;
