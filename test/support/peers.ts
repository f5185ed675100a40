// Runs programs of other projects, such as curl, for tests of our connections with them. Their
// authors may have understood the protocols differently.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { type TestFunction, test } from "vitest";
import { hasPeer } from "../../.ci/peers.mjs";

/** A test that needs the program `peer`. It is skipped, and its title says why, without `peer`. */
export function testWith(peer: string, title: string, body: TestFunction): void {
  if (hasPeer(peer)) test(title, body);
  else test.skip(`${title}: ${peer} is not installed`, body);
}

/** How a peer ended, and its output. */
export interface PeerEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** The longest that a peer may take, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Runs a program to its end, with `input` and then the end of its input. Kills it if it does not
 * end.
 */
export async function runPeer(
  program: string,
  args: readonly string[],
  input = "",
): Promise<PeerEnd> {
  const child = spawn(program, args, { timeout: PATIENCE, killSignal: "SIGKILL" });
  child.stdin.on("error", () => {}); // it may end before it has read everything
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on("exit", resolve).on("error", reject);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, code };
}
