// Node, Bun and Deno: receiving messages from ports while the thread is blocked.
//
// The events of a port wait for the thread's own event loop. A blocked thread reads the messages
// and dispatches the events itself, so listeners don't notice the difference.

import { type BroadcastChannel, MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { BlockingInput, Sources } from "../platform.ts";
import type { Resource, Scheduler } from "../scheduler.ts";
import { bellHere } from "./blocking.ts";
import { isOpen } from "./threadWatch.ts";

/** A loop's resource that owns ports. */
export interface PortOwner extends Resource {
  readonly ports: Iterable<object>;
  /** How many of the waits in `loop._external` these ports can end. */
  readonly waits: number;
  /** Called each time before the thread blocks. */
  onBlocked?(): void;
}

type Port = MessagePort | BroadcastChannel;

/**
 * The interval at which ports are polled, in milliseconds. Needed because not every sender rings
 * this thread's bell, which blocking.ts defines.
 */
const POLL_INTERVAL = 2;

/** How many messages to take from a port before moving on to the next one, as Node does. */
const MAX_MESSAGES = 1_000;

/** Ports whose `close` event was emitted here. */
const closed = /* @__PURE__ */ new WeakSet<object>();

/**
 * The input of a blocked thread: messages for ports that the loop watches, and for resources that
 * own ports.
 */
export const portInput: BlockingInput = {
  takeIn,

  block(loop, delay) {
    const bell = bellHere();
    // Read the bell before checking the ports, so that a ring in between is not missed.
    const rings = Atomics.load(bell, 0);
    if (takeIn(loop)) return true;
    const owners = ownersOf(loop);
    const open = owners.reduce((sum, { waits }) => sum + waits, 0);
    if (loop._external > open || (delay === Infinity && open === 0)) return false;
    for (const owner of owners) owner.onBlocked?.();
    Atomics.wait(bell, 0, rings, owners.length === 0 ? delay : Math.min(delay, POLL_INTERVAL));
    // Take messages now, so that a message that arrived before a timer's deadline is handled before
    // the timer.
    takeIn(loop);
    return true;
  },
};

/** Receives the messages that have arrived for `loop`. Returns whether there were any. */
function takeIn(loop: Scheduler): boolean {
  let took = false;
  for (const owner of ownersOf(loop)) {
    for (const port of owner.ports) if (takeFrom(port as Port)) took = true;
  }
  return took;
}

function ownersOf(loop: Scheduler): PortOwner[] {
  const owners: PortOwner[] = [];
  for (const resource of loop._resources) {
    if ("ports" in resource) owners.push(resource as PortOwner);
    if ("selector" in resource) {
      const watched = watchedPorts(resource as Sources);
      if (watched.waits > 0) owners.push(watched);
    }
  }
  return owners;
}

function watchedPorts({ selector }: Sources): PortOwner {
  const map = (selector as { getMap(): ReadonlyMap<unknown, unknown> }).getMap();
  const ports = [...map.keys()].filter((source) => source instanceof MessagePort);
  return { ports, waits: ports.length, close: () => undefined };
}

function takeFrom(port: Port): boolean {
  let took = false;
  for (let left = MAX_MESSAGES; left > 0; left--) {
    let received: { readonly message: unknown } | undefined;
    try {
      received = receiveMessageOnPort(port as MessagePort);
    } catch (error) {
      // A listener has just closed this BroadcastChannel. For a closed MessagePort, the call
      // returns undefined instead.
      if ((error as { code?: unknown }).code === "ERR_INVALID_ARG_TYPE") return took;
      // The message cannot be deserialized. Emit the same event as in a thread that isn't blocked.
      if (port instanceof MessagePort) port.emit("messageerror", error);
      else port.dispatchEvent(new MessageEvent("messageerror", { data: error }));
      took = true;
      continue;
    }
    if (received === undefined) return (port instanceof MessagePort && emitClose(port)) || took;
    took = true;
    if (port instanceof MessagePort) port.emit("message", received.message);
    else port.dispatchEvent(new MessageEvent("message", { data: received.message }));
  }
  return took;
}

/**
 * Emits the close event of a port, once, if its other side is gone, because Node emits the event
 * too late. Returns whether it was emitted now.
 */
function emitClose(port: MessagePort): boolean {
  if (closed.has(port) || isOpen(port)) return false;
  closed.add(port);
  port.emit("close", new Event("close"));
  return true;
}
