// Locations of functions, in memory that all threads of an executor share. Each call then sends a
// number instead of a URL, because copying the URL would take most of the time of a short call.
//
//   │ length │ bytes of URL and name ... │ length │ bytes ... │ free ...
//   ^ a location's number is its offset

// Imported, because Jest's jsdom environment lacks these globals.
import { TextDecoder, TextEncoder } from "node:util";
import type { TaskLocation } from "../task.ts";

/** In bytes. Enough for hundreds of locations. Those that don't fit are sent with each call. */
const SIZE = 65_536;
const HEAD = Int32Array.BYTES_PER_ELEMENT;

export class LocationTable {
  readonly memory: SharedArrayBuffer;
  readonly #numbers = new Map<string, number | undefined>();
  readonly #locations = new Map<number, TaskLocation>();
  #end = 0;

  constructor(memory = new SharedArrayBuffer(SIZE)) {
    this.memory = memory;
  }

  /** Returns the number of a location; undefined if it doesn't fit. Adds it if it is new. */
  numberOf({ url, name }: TaskLocation): number | undefined {
    const key = `${name} ${url}`;
    if (!this.#numbers.has(key)) this.#numbers.set(key, this.#add([url, name]));
    return this.#numbers.get(key);
  }

  /** Returns the location for a number sent by another thread. */
  at(number: number): TaskLocation {
    let location = this.#locations.get(number);
    if (location === undefined) {
      const length = new DataView(this.memory).getInt32(number);
      // Copied, because decoders refuse shared memory.
      const bytes = new Uint8Array(this.memory, number + HEAD, length).slice();
      const [url, name] = JSON.parse(new TextDecoder().decode(bytes)) as [string, string];
      location = { url, name };
      this.#locations.set(number, location);
    }
    return location;
  }

  #add(text: readonly [url: string, name: string]): number | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(text));
    const number = this.#end;
    const end = number + HEAD + bytes.length;
    if (end > this.memory.byteLength) return undefined;
    new DataView(this.memory).setInt32(number, bytes.length);
    new Uint8Array(this.memory).set(bytes, number + HEAD);
    this.#end = end;
    return number;
  }
}
