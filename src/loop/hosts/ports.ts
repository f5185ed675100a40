// Node, Bun and Deno: the messages of ports, for a thread that is blocked.
//
// The events of a port wait for the thread's own event loop. But whoever blocks may ask a
// port for its messages, and dispatch the events itself: so those who listen need not know.

import { type BroadcastChannel, MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Sources } from "../readiness.ts";
import type { Resource, Scheduler } from "../scheduler.ts";
import { bellHere, type Inlets } from "./blocking.ts";
import { isOpen } from "./lifeline.ts";

/** Something of a loop's that listens to ports itself. */
export interface PortOwner extends Resource {
  readonly ports: Iterable<object>;
  /** How many of the waits in `loop._external` these ports can end. */
  readonly waits: number;
  /** The thread is about to be blocked once more. */
  onBlocked?(): void;
}

type Port = MessagePort | BroadcastChannel;

/** After how many milliseconds the ports are asked again: whoever sends a message need not ring. */
const ASK_EVERY = 2;

/** How many messages are taken from a port before others have their turn, as in Node itself. */
const MOST_AT_ONCE = 1_000;

/** Ports whose listeners know that nothing more comes. */
const closed = /* @__PURE__ */ new WeakSet<object>();

/** What can come to a blocked thread: messages for the ports that a loop watches, and for what owns ports itself. */
export const portInlets: Inlets = {
  takeIn,

  block(loop, delay) {
    const bell = bellHere();
    // Before the look at what has come: whoever rings after it is not missed.
    const rings = Atomics.load(bell, 0);
    if (takeIn(loop)) return true;
    const owners = ownersOf(loop);
    const open = owners.reduce((sum, { waits }) => sum + waits, 0);
    if (loop._external > open || (delay === Infinity && open === 0)) return false;
    for (const owner of owners) owner.onBlocked?.();
    Atomics.wait(bell, 0, rings, owners.length === 0 ? delay : Math.min(delay, ASK_EVERY));
    // Before the turn: what came before a deadline comes before its timer.
    takeIn(loop);
    return true;
  },
};

/** Takes in what has come for `loop`. Returns whether that was anything. */
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
  for (let left = MOST_AT_ONCE; left > 0; left--) {
    const received = receiveFrom(port);
    if (received === undefined) return (port instanceof MessagePort && hasJustClosed(port)) || took;
    took = true;
    if (port instanceof MessagePort) port.emit("message", received.message);
    else port.dispatchEvent(new MessageEvent("message", { data: received.message }));
  }
  return took;
}

/** The next message. A channel that a listener has just closed gives none. */
function receiveFrom(port: Port): { readonly message: unknown } | undefined {
  try {
    return receiveMessageOnPort(port as MessagePort);
  } catch {
    return undefined;
  }
}

/** Tells the listeners of a port whose other side has gone, once. Its own event comes too late for them. */
function hasJustClosed(port: MessagePort): boolean {
  if (closed.has(port) || isOpen(port)) return false;
  closed.add(port);
  port.emit("close", new Event("close"));
  return true;
}
