// Sources of a browser that push messages: ports, channels, workers, server-sent events,
// WebSockets.
//
// Such a source keeps no messages (except a port that hasn't been started). So a MessageBox keeps
// them, from the first time the source is watched.

import { wrongType } from "../../lang/arguments.ts";
import { hasTag } from "../../lang/brands.ts";
import { MessageBox } from "../messages.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";
import { hasRoom, whenRoom } from "../webSocketRoom.ts";

/** A received message. Wrapped in an object, because a message may be undefined. */
export interface ReceivedMessage {
  readonly message: unknown;
}

/** A message, or the error for one that couldn't be deserialized. */
type Received = ReceivedMessage | { readonly error: Error };

interface SourceType {
  readonly name: string;
  /** Whether an `error` event was the end of the source. */
  hasEnded?(source: EventTarget): boolean;
}

const CLOSED_EVENT_SOURCE = 2;

const SOURCE_TYPES: readonly SourceType[] = [
  { name: "MessagePort" },
  { name: "BroadcastChannel" },
  { name: "Worker" },
  {
    name: "EventSource",
    hasEnded: (source) => (source as EventSource).readyState === CLOSED_EVENT_SOURCE,
  },
  { name: "WebSocket" },
];

/** A WebSocket is writable if at most this number of bytes is unsent. */
const WRITABLE = 2 ** 16;

/** The box of each watched source, shared by its watchers and `receiveMessage`. */
const boxes = /* @__PURE__ */ new WeakMap<object, MessageBox<Received>>();

/** Returns a Pollable for a source that pushes messages; undefined for anything else. */
export function adaptMessages(source: unknown): Pollable | undefined {
  const box = boxOf(source);
  if (box === undefined || !isInstance("WebSocket", source)) return box;
  return new WebSocketSource(source as WebSocket, box);
}

/**
 * Takes the next message of a `MessagePort`, `BroadcastChannel`, `Worker`, `EventSource` or
 * `WebSocket`. Returns undefined if there is none. A readable source without a message is at its
 * end.
 *
 * Messages are kept from the first time a source is watched or passed here. Earlier ones are lost,
 * except those of a `MessagePort`, which keeps them until it is started; this call starts it. Only
 * unnamed events of an `EventSource` are received. Errors of a `Worker` go only to its `error`
 * event.
 *
 * @throws TypeError if `source` is none of these.
 * @throws Error if the message can't be deserialized. The next call takes the next message.
 */
export function receiveMessage(source: EventTarget): ReceivedMessage | undefined {
  const box = boxOf(source);
  if (box === undefined)
    throw wrongType("source", SOURCE_TYPES.map(({ name }) => name).join(" or "), source);
  const received = box.take();
  if (received !== undefined && "error" in received) throw received.error;
  return received;
}

function boxOf(source: unknown): MessageBox<Received> | undefined {
  const known = boxes.get(source as object);
  if (known !== undefined) return known;
  const type = SOURCE_TYPES.find(({ name }) => isInstance(name, source));
  if (type === undefined) return undefined;
  const box = collect(source as EventTarget, type);
  boxes.set(source as object, box);
  return box;
}

function collect(source: EventTarget, { hasEnded }: SourceType): MessageBox<Received> {
  const box = new MessageBox<Received>(Infinity);
  source.addEventListener("message", (event) => {
    box.push({ message: (event as MessageEvent).data });
  });
  source.addEventListener("messageerror", () => {
    box.push({ error: new Error("A message could not be deserialized") });
  });
  source.addEventListener("close", () => box.end());
  if (hasEnded !== undefined) {
    source.addEventListener("error", () => {
      if (hasEnded(source)) box.end();
    });
  }
  (source as Partial<MessagePort>).start?.();
  return box;
}

/** A WebSocket. Unlike the other sources, it can also be writable, which no event announces. */
class WebSocketSource implements Pollable {
  readonly #socket: WebSocket;
  readonly #box: MessageBox<Received>;
  #notify: (() => void) | undefined;
  #stopPolling: (() => void) | undefined;

  constructor(socket: WebSocket, box: MessageBox<Received>) {
    this.#socket = socket;
    this.#box = box;
  }

  poll(events: number): number {
    const readable = this.#box.poll(events & EVENT_READ);
    if ((events & EVENT_WRITE) === 0) return readable;
    if (hasRoom(this.#socket, WRITABLE)) return readable | EVENT_WRITE;
    if (this.#notify !== undefined) {
      this.#stopPolling ??= whenRoom(this.#socket, WRITABLE, () => {
        this.#stopPolling = undefined;
        this.#notify?.();
      });
    }
    return readable;
  }

  watch(events: number, notify: () => void): () => void {
    const unwatch = this.#box.watch(events, notify);
    this.#notify = notify;
    return () => {
      unwatch();
      this.#notify = undefined;
      this.#stopPolling?.();
      this.#stopPolling = undefined;
    };
  }
}

/**
 * Whether `value` has the tag `name` or is an instance of the global class `name`. Objects from
 * another frame have only the tag. A replacement for the platform's class may not have the tag.
 */
function isInstance(name: string, value: unknown): boolean {
  const type: unknown = (globalThis as Record<string, unknown>)[name];
  return hasTag(value, name) || (typeof type === "function" && value instanceof type);
}
