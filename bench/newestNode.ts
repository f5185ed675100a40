// The newest Node that the registry has for this platform.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { at } from "./places.ts";
import { setUp } from "./results.ts";

/** Installs it. Returns the program. @throws Error where the registry has none */
export function newestNode(): string {
  setUp("bench/nodes");
  const { platform, arch } = process;
  const system = platform === "win32" ? "win" : platform;
  const program = platform === "win32" ? "bin/node.exe" : "bin/node";
  const name = `node-${system}-${arch}`;
  const file = fileURLToPath(at(`bench/nodes/node_modules/${name}/${program}`));
  if (existsSync(file)) return file;
  throw new Error(`There is no ${name} in bench/nodes. Name a Node of your own: --node PATH`);
}
