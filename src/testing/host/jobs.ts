// Detects cryptography and compression in Node's thread pool. Node reports when such a job is
// created, but doesn't count it among the active resources, and also reports jobs that block the
// thread. So the code here looks at the job itself.
//
//   cryptography   a job that has a callback in `ondone`, or that Node's Web Crypto has created,
//                  doesn't block; it ends with its first callback
//   compression    a stream, whose `buffer` is set while it works

import type { OutsideSource } from "./outsideSource.ts";
import { isCalledIn } from "./places.ts";

/** What Node creates for a job, or for a stream that compresses. */
export interface NodeJob {
  readonly ondone?: unknown;
  readonly buffer?: unknown;
}

interface Job {
  readonly handle: NodeJob;
  readonly isWebCrypto: boolean;
  readonly source: OutsideSource;
}

const CRYPTO = /REQUEST$/;
const COMPRESSION = /^(ZLIB|COMPRESSION)/;
const WEB_CRYPTO = "node:internal/crypto/webcrypto";

/** Whether `type`, Node's name for a type of resource, is that of a job. */
export function isJob(type: string): boolean {
  return CRYPTO.test(type) || COMPRESSION.test(type);
}

/** Maps Node's id of a cryptography job to the jobs of the run that has started it. */
const runs = new Map<number, Jobs>();

/** Called when Node calls back for the resource `id`, which need not be a job. */
export function onCallback(id: number): void {
  runs.get(id)?.onCallback(id);
}

/** The jobs that a run has started. */
export class Jobs {
  readonly #crypto = new Map<number, Job>();
  readonly #compression = new Set<Job>();
  readonly #outside: Map<string, OutsideSource>;

  /** @param outside where to note the jobs that don't block. */
  constructor(outside: Map<string, OutsideSource>) {
    this.#outside = outside;
  }

  /** Called by `callee` when Node creates a job. */
  add(id: number, type: string, handle: NodeJob, source: OutsideSource, callee: unknown): void {
    // Forgets earlier jobs that blocked the thread, because they are over by now.
    this.areRunning();
    if (COMPRESSION.test(type)) {
      this.#compression.add({ handle, isWebCrypto: false, source });
      return;
    }
    // Web Crypto also creates random bytes, but immediately.
    const isWebCrypto = type !== "RANDOMBYTESREQUEST" && isCalledIn(WEB_CRYPTO, callee);
    this.#crypto.set(id, { handle, isWebCrypto, source });
    runs.set(id, this);
  }

  onCallback(id: number): void {
    this.#note(this.#crypto.get(id) as Job);
    this.#forget(id);
  }

  /** Notes the jobs that don't block the thread. Returns whether any of them still runs. */
  areRunning(): boolean {
    for (const [id, job] of this.#crypto) {
      if (job.isWebCrypto || typeof job.handle.ondone === "function") this.#note(job);
      else this.#forget(id);
    }
    let isCompressing = false;
    for (const job of this.#compression) {
      const { buffer } = job.handle;
      if (buffer === undefined) continue; // has done nothing yet, or blocks
      this.#note(job);
      isCompressing ||= buffer !== null;
    }
    return this.#crypto.size > 0 || isCompressing;
  }

  clear(): void {
    for (const id of this.#crypto.keys()) this.#forget(id);
    this.#compression.clear();
  }

  #forget(id: number): void {
    this.#crypto.delete(id);
    runs.delete(id);
  }

  #note({ source }: Job): void {
    if (!this.#outside.has(source.name)) this.#outside.set(source.name, source);
  }
}
