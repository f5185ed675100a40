// Where the socket of a helper thread is.

/** The data that a helper thread is started with. */
export interface HelperData {
  /** The path of its socket. */
  readonly path: string;
}

export const SOCKET_NAME = "inspector.sock";

/** Returns the beginning of the name of a process's folder. Random letters follow. */
export function helperFolder(pid: number): string {
  return `mysyncio-inspector-${pid}`;
}

/** Whether `path` is the socket of a helper thread. */
export function isHelperSocket(path: string): boolean {
  return /\/mysyncio-inspector-\d+-[^/]+\/inspector\.sock$/.test(path);
}
