import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { budgets } from "../../.ci/size.mjs";
import type { Case, Figure, Measured } from "../harness.ts";
import { at } from "../places.ts";

const SRC = fileURLToPath(at("src"));
const KB = 1_000;
/** Hexadecimal digits, of which two are a byte of the core. */
const CORE_BYTES = "the core's bytes";

/** What the main entry consists of, minified, by the layers of the source; the parts add up. */
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
  // How far it can be compressed depends on all of it, so a part is counted in proportion.
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
      { what: "the compiled core, as it is", value: core, unit: "bytes", atMost: 2_048 },
      { what: "main entry with everything, gzipped", value: main / KB, unit: "kB", atMost: 10 },
      ...parts(),
    ],
  };
}

export default {
  name: "size",
  question: "How much do users ship, and what does it buy?",
  measure,
} satisfies Case;
