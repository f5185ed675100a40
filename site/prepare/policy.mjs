// The Content-Security-Policy of each page: nothing but the site's own files, and of inline
// scripts only those that VitePress wrote.

import { createHash } from "node:crypto";

/**
 * Styles may be inline: the highlighter writes colors into attributes, and the editor adds a sheet
 * of its own. Otherwise, both would need a nonce, which static pages can't have. A style can't run
 * code, and the other directives keep it from sending anything elsewhere. `default-src` also
 * applies to prefetching.
 */
const DIRECTIVES = {
  "default-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data:",
  "object-src": "'none'",
  "frame-src": "'none'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/** The page that shows what happens without WebAssembly. */
const WITHOUT_WASM = /without-wasm\.html$/;

/**
 * Puts the policy at the top of a page.
 *
 * @param {string} html
 * @param {string} file
 */
export function withPolicy(html, file) {
  const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>(.*?)<\/script>/gs)].map(
    ([, script = ""]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
  );
  const scripts = ["'self'", ...new Set(hashes)];
  if (!WITHOUT_WASM.test(file)) scripts.push("'wasm-unsafe-eval'");
  const policy = Object.entries({ ...DIRECTIVES, "script-src": scripts.join(" ") })
    .map(([name, sources]) => `${name} ${sources}`)
    .join("; ");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  return html.replace(/<meta charset="utf-8">/, `$&\n    ${meta}`);
}
