// What the tutorial's programs get for `stage`: lists whose changes the page shows.
//
// A watched list is an array. Each change to it makes a frame, and so does each line that the
// program prints. The page plays the frames after the program has recorded them, as slowly as its
// reader likes, and backwards too.

import { answer } from "./channel.ts";
import type { StageItem, StageLane } from "./protocol.ts";

interface Lane {
  readonly name: string;
  readonly list: readonly unknown[];
}

const lanes: Lane[] = [];
const ids = new WeakMap<object, number>();
let nextId = 1;

/** Returns an empty list that is shown under `name`. */
export function watch<T>(name: string): T[] {
  const list = new WatchedList<T>();
  list.laneName = name;
  // The name isn't an item of the list, so loops over its keys should not see the name.
  Object.defineProperty(list, "laneName", { enumerable: false });
  lanes.push({ name, list });
  record(`${name}: empty`);
  return list;
}

/** Makes a frame with a caption. */
export function note(caption: string): void {
  record(caption);
}

/** Makes a frame. Does nothing for programs that watch nothing. */
export function record(caption: string): void {
  if (lanes.length > 0) answer({ kind: "frame", caption, lanes: lanes.map(picture) });
}

class WatchedList<T> extends Array<T> {
  laneName = "";

  /** Copies, such as those of `map`, are not watched. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override push(...items: T[]): number {
    const length = super.push(...items);
    record(`${this.laneName}: add ${items.map(labelOf).join(", ")}`);
    return length;
  }

  override unshift(...items: T[]): number {
    const length = super.unshift(...items);
    record(`${this.laneName}: put ${items.map(labelOf).join(", ")} first`);
    return length;
  }

  override shift(): T | undefined {
    const isEmpty = this.length === 0;
    const item = super.shift();
    if (!isEmpty) record(`${this.laneName}: take ${labelOf(item)}`);
    return item;
  }

  override pop(): T | undefined {
    const isEmpty = this.length === 0;
    const item = super.pop();
    if (!isEmpty) record(`${this.laneName}: take ${labelOf(item)}`);
    return item;
  }

  override splice(start: number, count = this.length - start, ...items: T[]): T[] {
    const removed = super.splice(start, count, ...items);
    if (removed.length > 0) record(`${this.laneName}: remove ${removed.map(labelOf).join(", ")}`);
    return removed;
  }

  override sort(compare?: (a: T, b: T) => number): this {
    const before = [...this];
    super.sort(compare);
    if (before.some((item, index) => item !== this[index])) record(`${this.laneName}: sort`);
    return this;
  }
}

function picture({ name, list }: Lane): StageLane {
  return { name, items: list.map(pictureOfItem) };
}

function pictureOfItem(item: unknown): StageItem {
  return { id: idOf(item), label: labelOf(item), detail: detailOf(item) };
}

function idOf(item: unknown): number {
  if ((typeof item !== "object" && typeof item !== "function") || item === null) return 0;
  let id = ids.get(item);
  if (id === undefined) {
    id = nextId++;
    ids.set(item, id);
  }
  return id;
}

/** A thing's name: its own, or that of the function it would call. */
function labelOf(item: unknown): string {
  if (typeof item === "function") return item.name || "callback";
  if (typeof item !== "object" || item === null) return String(item);
  const { name, callback } = item as { name?: unknown; callback?: unknown };
  if (typeof name === "string" && name !== "") return name;
  if (typeof callback === "function") return callback.name || "callback";
  return item.constructor.name.toLowerCase();
}

/** When it is due, or what it is doing. */
function detailOf(item: unknown): string {
  if (typeof item !== "object" || item === null) return "";
  const { when, state } = item as { when?: unknown; state?: unknown };
  if (typeof when === "number") return `at ${Math.round(when)} ms`;
  return typeof state === "string" ? state : "";
}
