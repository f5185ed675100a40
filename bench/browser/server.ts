// Serves the page and its files, with the headers that enable the browser's finest clock.

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { NEUTRAL } from "../cases.ts";
import { at } from "../harness/paths.ts";

/** Isolated pages read the clock to 5 microseconds, others to 100. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * Bundles the page and the cases, with shared code in files of its own. Needs the packages of
 * bench/harness/charts.
 */
async function bundle(): Promise<Map<string, Uint8Array>> {
  const folder = fileURLToPath(at("bench"));
  const { outputFiles } = await build({
    entryPoints: [
      { in: `${folder}/browser/page.ts`, out: "page" },
      ...NEUTRAL.map((name) => ({ in: `${folder}/cases/${name}.ts`, out: `cases/${name}` })),
    ],
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
    logLevel: "error",
  });
  return new Map(
    outputFiles.map(({ path, contents }) => [
      path.replace(/^.*?(?=\/(page|cases|chunk))/, ""),
      contents,
    ]),
  );
}

/** Serves the page on a port on this machine. Port 0 takes any free one. */
export async function servePage(port = 0): Promise<{ server: Server; url: string }> {
  const files = await bundle();
  const page = readFileSync(at("bench/browser/index.html"));
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const script = files.get(pathname);
    if (script !== undefined) {
      response.writeHead(200, { ...ISOLATION, "Content-Type": "text/javascript" }).end(script);
    } else if (pathname === "/") {
      response.writeHead(200, { ...ISOLATION, "Content-Type": "text/html" }).end(page);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}
