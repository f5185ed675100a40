// Where the socket of a helper thread is.

/** What the thread needs to know. */
export interface HelperData {
  /** The path of its socket. */
  readonly path: string;
}

export const SOCKET_NAME = "inspector.sock";

/** Returns how the name of a process's folder begins. Random letters follow. */
export function helperFolder(pid: number): string {
  return `mysyncio-inspector-${pid}`;
}

/** Whether `path` is the socket of a helper thread. */
export function isHelperSocket(path: string): boolean {
  return /\/mysyncio-inspector-\d+-[^/]+\/inspector\.sock$/.test(path);
}
