// The file of a Unix domain socket.
//
// The file outlives a server that crashes, and then prevents the next server from listening. Also,
// when a server closes, Node removes whatever file is at its path, even if another server has
// replaced the file in the meantime. asyncio removes the file only if it still belongs to the
// server. We can't stop Node from removing the file, but we can move another server's file out of
// the way.

import { lstatSync, renameSync, unlinkSync } from "node:fs";
import { pid } from "node:process";

/** Linux's abstract sockets and the named pipes of Windows have no file. */
const WITHOUT_FILE = /^(?:\0|\\\\[.?]\\pipe\\)/;

export class UnixPath {
  readonly #path: string;
  /** Identifies our own file; undefined if there is none. */
  #ownFile: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Removes the socket of an earlier server. A file that isn't a socket stays, and listening then
   * fails.
   */
  removeStale(): void {
    if (this.#currentFile() !== undefined) unlinkSync(this.#path);
  }

  /** Remembers the file as our own. Called right after the server has bound the path. */
  claim(): void {
    this.#ownFile = this.#currentFile();
  }

  /**
   * Calls `close`, which removes whatever file is at the path. If that file belongs to another
   * server, moves it aside during the call.
   */
  release(close: () => void): void {
    const file = this.#currentFile();
    if (file === undefined || file === this.#ownFile) return close();
    const aside = `${this.#path}.${pid}`;
    try {
      renameSync(this.#path, aside);
    } catch {
      return close(); // without permission to rename it, we can't remove it either
    }
    try {
      close();
    } finally {
      renameSync(aside, this.#path);
    }
  }

  /**
   * Returns a string that identifies the socket at the path; undefined if there is none. An inode
   * number alone doesn't suffice, because the system reuses them.
   */
  #currentFile(): string | undefined {
    if (WITHOUT_FILE.test(this.#path)) return undefined;
    const stats = lstatSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stats?.isSocket() ? `${stats.ino} ${stats.birthtimeNs}` : undefined;
  }
}
