// Handles Ctrl+Z. A stopped command can't disconnect, and a process can't exit while a command is
// connected to it. So the command disconnects before it stops. SIGSTOP can't be handled.

import type { DevToolsClient } from "./devToolsClient.ts";
import { TargetError } from "./target.ts";

const clients = new Set<DevToolsClient>();

/** Makes Ctrl+Z end the connection before this command stops. */
export function leaveWhenStopped(client: DevToolsClient): void {
  if (clients.size === 0) process.on("SIGTSTP", () => void stop());
  clients.add(client);
}

async function stop(): Promise<void> {
  const why = new TargetError("The command was stopped, and has left the process. Run it again");
  // Closes the connections properly. Otherwise, a target may crash: Node sometimes crashes if it
  // exits while it detects a lost connection.
  await Promise.all(Array.from(clients, (client) => client.close(why)));
  process.kill(process.pid, "SIGSTOP");
}
