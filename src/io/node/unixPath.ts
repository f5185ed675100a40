// The file of a Unix domain socket.
//
// It outlives a server that dies, and then keeps the next one from listening. And the system's library removes it when
// a server closes that listened there, also if another one has taken the path over meanwhile: a server that is replaced
// while it still serves would cut off the one that replaces it. asyncio looks whose file it is before it removes it;
// we cannot keep the library from it, but we can put a file that is not ours out of its way.

import { lstatSync, renameSync, unlinkSync } from "node:fs";
import { pid } from "node:process";

/** Linux's abstract sockets have no file, nor have the named pipes of Windows. */
const WITHOUT_FILE = /^(?:\0|\\\\[.?]\\pipe\\)/;

export class UnixPath {
  readonly #path: string;
  /** Which file is ours; undefined if there is none. */
  #ours: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Removes a socket that an earlier server left. Anything else there stays, and is an error when we listen. */
  removeStale(): void {
    if (this.#fileNow() !== undefined) unlinkSync(this.#path);
  }

  /** A server listens here from now on. */
  take(): void {
    this.#ours = this.#fileNow();
  }

  /** Calls `close`, which removes the file, and has no effect on a file of another server. */
  leave(close: () => void): void {
    const file = this.#fileNow();
    if (file === undefined || file === this.#ours) return close();
    const aside = `${this.#path}.${pid}`;
    try {
      renameSync(this.#path, aside);
    } catch {
      return close(); // what we may not rename we cannot remove either
    }
    try {
      close();
    } finally {
      renameSync(aside, this.#path);
    }
  }

  /** Which socket is at the path. The number of an inode alone may be that of an earlier file. */
  #fileNow(): string | undefined {
    if (WITHOUT_FILE.test(this.#path)) return undefined;
    const stats = lstatSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stats?.isSocket() ? `${stats.ino} ${stats.birthtimeNs}` : undefined;
  }
}
