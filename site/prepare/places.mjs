// The folders that the build reads and writes.

import { fileURLToPath } from "node:url";

/** @param {string} path relative to the repository */
export function at(path) {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The pages that VitePress reads. They are assembled on each build, so git doesn't keep them. */
export const CONTENT = at("site/build/content");

/** The files that VitePress copies as they are. */
export const PUBLIC = at("site/build/content/public");

export const OUTPUT = at("site/dist");
