// Serves the built site as a static host would.

import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { OUTPUT } from "../prepare/places.mjs";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * The path for which the site was built: a host may serve it in a folder.
 */
export function basePath() {
  const html = readFileSync(join(OUTPUT, "index.html"), "utf8");
  const found = /href="([^"]*)icon\.svg"/.exec(html)?.[1];
  if (found === undefined) throw new Error("Expected the front page to have an icon");
  return found;
}

/**
 * Serves the site on a free port of this machine, below the path for which it was built.
 *
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export function serveSite() {
  const base = basePath();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const all = normalize(decodeURIComponent(pathname));
    const path = all.slice(base.length - 1);
    const file = [path, `${path}.html`, join(path, "index.html")]
      .map((name) => join(OUTPUT, name))
      .find((name) => existsSync(name) && statSync(name).isFile());
    if (!all.startsWith(base) || file === undefined || !file.startsWith(OUTPUT)) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found");
      return;
    }
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      "Content-Encoding": "gzip",
      // The names of assets contain hashes of their contents.
      "Cache-Control": path.startsWith("/assets/") ? "max-age=31536000, immutable" : "max-age=600",
    });
    pipeline(createReadStream(file), createGzip(), response, () => response.end());
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("Expected a port");
      resolve({ url: `http://127.0.0.1:${address.port}${base}`, close: () => server.close() });
    });
  });
}
