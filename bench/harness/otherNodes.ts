// The Nodes that are measured side by side, from the registry.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { at } from "./paths.ts";
import { setUp } from "./results.ts";

/** The major versions in bench/nodes, oldest first. */
const MAJORS = [20, 24, 26] as const;

/** A Node, by its major version and the path of its program. */
export interface OtherNode {
  readonly major: number;
  readonly program: string;
}

/**
 * Installs these Nodes, and returns all except the running major version. @throws Error if the
 * registry doesn't have one of them for this platform
 */
export function otherNodes(thisOne: number): readonly OtherNode[] {
  setUp("bench/nodes");
  const { platform, arch } = process;
  const system = platform === "win32" ? "win" : platform;
  const program = platform === "win32" ? "bin/node.exe" : "bin/node";
  return MAJORS.filter((major) => major !== thisOne).map((major) => {
    const name = `node${major}-${system}-${arch}`;
    const file = fileURLToPath(at(`bench/nodes/node_modules/${name}/${program}`));
    if (existsSync(file)) return { major, program: file };
    throw new Error(`There is no ${name} in bench/nodes. Pass your own Node with --node PATH`);
  });
}
