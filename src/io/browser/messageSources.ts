// What pushes messages in a browser: ports, channels, workers, server-sent events, WebSockets.
//
// They keep nothing for those who come late. So what comes is kept in a MessageBox, once a source was watched.

import { wrongType } from "../../loop/arguments.ts";
import { hasTag } from "../../loop/brands.ts";
import { MessageBox } from "../messages.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";
import { hasRoom, whenRoom } from "../webSocketRoom.ts";

/** A message that was received: in an object, because a message may be anything, also undefined. */
export interface ReceivedMessage {
  readonly message: unknown;
}

/** A message, or what became of one that could not be read. */
type Received = ReceivedMessage | { readonly error: Error };

interface Kind {
  readonly name: string;
  /** Whether it is over after an event that may say so. */
  isOver?(source: EventTarget): boolean;
}

const CLOSED_EVENT_SOURCE = 2;

const KINDS: readonly Kind[] = [
  { name: "MessagePort" },
  { name: "BroadcastChannel" },
  { name: "Worker" },
  {
    name: "EventSource",
    isOver: (source) => (source as EventSource).readyState === CLOSED_EVENT_SOURCE,
  },
  { name: "WebSocket" },
];

/** How much a WebSocket may still have to send to be writable, in bytes. */
const WRITABLE = 2 ** 16;

/** What is watched of a source, so that all who watch it and who take from it meet. */
const boxes = /* @__PURE__ */ new WeakMap<object, MessageBox<Received>>();

/** What tells the readiness of something that pushes messages; undefined if `source` is no such thing. */
export function adaptMessages(source: unknown): Pollable | undefined {
  const box = boxOf(source);
  if (box === undefined || !isA("WebSocket", source)) return box;
  return new WebSocketSource(source as WebSocket, box);
}

/**
 * Takes the next message of a `MessagePort`, `BroadcastChannel`, `Worker`, `EventSource` or `WebSocket`; undefined if
 * none has come. One that is readable and has none is at its end.
 *
 * What comes before the source is watched, or asked here, is not seen, except what a `MessagePort` keeps until it is
 * started, which this does. All that comes later is kept until it is taken. Of an `EventSource` it sees what has no
 * event name of its own. A `Worker` that fails is left to its own `error` event.
 *
 * @throws TypeError if `source` is nothing of that kind.
 * @throws Error if a message came that cannot be read here. The next one comes with the next call.
 */
export function receiveMessage(source: EventTarget): ReceivedMessage | undefined {
  const box = boxOf(source);
  if (box === undefined)
    throw wrongType("source", KINDS.map(({ name }) => name).join(" or "), source);
  const received = box.take();
  if (received !== undefined && "error" in received) throw received.error;
  return received;
}

function boxOf(source: unknown): MessageBox<Received> | undefined {
  const known = boxes.get(source as object);
  if (known !== undefined) return known;
  const kind = KINDS.find(({ name }) => isA(name, source));
  if (kind === undefined) return undefined;
  const box = collect(source as EventTarget, kind);
  boxes.set(source as object, box);
  return box;
}

function collect(source: EventTarget, { isOver }: Kind): MessageBox<Received> {
  const box = new MessageBox<Received>(Infinity);
  source.addEventListener("message", (event) => {
    box.push({ message: (event as MessageEvent).data });
  });
  source.addEventListener("messageerror", () => {
    box.push({ error: new Error("A message came that cannot be read here") });
  });
  source.addEventListener("close", () => box.end());
  if (isOver !== undefined) {
    source.addEventListener("error", () => {
      if (isOver(source)) box.end();
    });
  }
  (source as Partial<MessagePort>).start?.();
  return box;
}

/** A WebSocket can also be written to, and has to be looked at for that. */
class WebSocketSource implements Pollable {
  readonly #socket: WebSocket;
  readonly #box: MessageBox<Received>;
  #notify: (() => void) | undefined;
  #stopLooking: (() => void) | undefined;

  constructor(socket: WebSocket, box: MessageBox<Received>) {
    this.#socket = socket;
    this.#box = box;
  }

  poll(events: number): number {
    const readable = this.#box.poll(events & EVENT_READ);
    if ((events & EVENT_WRITE) === 0) return readable;
    if (hasRoom(this.#socket, WRITABLE)) return readable | EVENT_WRITE;
    if (this.#notify !== undefined) {
      this.#stopLooking ??= whenRoom(this.#socket, WRITABLE, () => {
        this.#stopLooking = undefined;
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
      this.#stopLooking?.();
      this.#stopLooking = undefined;
    };
  }
}

/** By its tag, because it may be of another frame; by its class, because one that takes the place of the platform's has no such tag. */
function isA(name: string, value: unknown): boolean {
  const type: unknown = (globalThis as Record<string, unknown>)[name];
  return hasTag(value, name) || (typeof type === "function" && value instanceof type);
}
