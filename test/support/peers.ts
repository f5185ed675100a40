// Programs of others that our own talk to: whoever wrote them understood the protocols differently than we may have.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { type TestFunction, test } from "vitest";
import { hasPeer } from "../../.ci/peers.mjs";

/** A test with such a program. Where it is missing, and the set-up could not install it, the title says so. */
export function testWith(peer: string, title: string, body: TestFunction): void {
  if (hasPeer(peer)) test(title, { timeout: PATIENCE }, body);
  else test.skip(`${title}: ${peer} is not on this machine`, body);
}

/** How a peer ended, and what it wrote. */
export interface PeerEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Processes start as fast as the machine lets them. */
const PATIENCE = 30_000;

/** Runs a program to its end, with `input` and the end of it. Killed if it does not end. */
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
