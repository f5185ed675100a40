// Other threads of a Node process, which run the sources directly.

import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

const urls = new Map<string, URL>();

/** Starts a thread with a program that may import `./src/...`. */
export function startThread(program: string, options?: WorkerOptions): Worker {
  const url = urls.get(program) ?? bundle(program);
  urls.set(program, url);
  return new Worker(url, options);
}

function bundle(program: string): URL {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    write: false,
  });
  const code = outputFiles[0]?.text ?? "";
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
