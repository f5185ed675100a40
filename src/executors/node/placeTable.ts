// Where functions are, in memory that all threads of an executor share: a call then says a number instead of a URL, which is
// most of what a short call costs.
//
//   │ length │ bytes of name and URL ... │ length │ bytes ... │ free ...
//   ^ the number of a place is where it begins

import type { Place } from "../task.ts";

/** Room for some hundred places. What finds none is sent along with each call. */
const SIZE = 65_536;
const HEAD = Int32Array.BYTES_PER_ELEMENT;

export class PlaceTable {
  readonly memory: SharedArrayBuffer;
  readonly #numbers = new Map<string, number | undefined>();
  readonly #places = new Map<number, Place>();
  #end = 0;

  constructor(memory = new SharedArrayBuffer(SIZE)) {
    this.memory = memory;
  }

  /** The number of a place; undefined if there is no room for it. */
  numberOf({ url, name }: Place): number | undefined {
    const key = `${name} ${url}`;
    if (!this.#numbers.has(key)) this.#numbers.set(key, this.#add([url, name]));
    return this.#numbers.get(key);
  }

  /** The place of a number that another thread has given. */
  at(number: number): Place {
    let place = this.#places.get(number);
    if (place === undefined) {
      const length = new DataView(this.memory).getInt32(number);
      // No decoder takes shared memory.
      const bytes = new Uint8Array(this.memory, number + HEAD, length).slice();
      const [url, name] = JSON.parse(new TextDecoder().decode(bytes)) as [string, string];
      place = { url, name };
      this.#places.set(number, place);
    }
    return place;
  }

  #add(words: readonly [url: string, name: string]): number | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(words));
    const number = this.#end;
    const end = number + HEAD + bytes.length;
    if (end > this.memory.byteLength) return undefined;
    new DataView(this.memory).setInt32(number, bytes.length);
    new Uint8Array(this.memory).set(bytes, number + HEAD);
    this.#end = end;
    return number;
  }
}
