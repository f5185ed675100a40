// The page's program: connects, shows messages, and sends typed ones. When the connection is lost,
// it reconnects after a while and sends what was typed meanwhile.

import { iterate, openWebSocket, Queue, race, run, sleep, WebSocketError } from "mysyncio/browser";

/**
 * The delay before the first reconnect, in milliseconds. It doubles each time, up to the longest.
 */
const SHORTEST = 250;
const LONGEST = 8_000;

const state = /** @type {HTMLElement} */ (document.querySelector("#state"));
const log = /** @type {HTMLElement} */ (document.querySelector("#log"));
const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));

/** @type {Queue<string>} */
const outbox = new Queue();
/** The message that was taken out of the queue and is not sent yet. @type {string | undefined} */
let unsent;

input.focus();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  outbox.putNowait(input.value);
  form.reset();
});

const name =
  new URLSearchParams(location.search).get("name") ?? prompt("What is your name?") ?? "Somebody";
const url = new URL(`/chat?${new URLSearchParams({ name })}`, location.href);
url.protocol = url.protocol.replace("http", "ws");

/** @returns {import("mysyncio/browser").Coroutine<never>} */
function* chat() {
  for (let delay = SHORTEST; ; delay = Math.min(2 * delay, LONGEST)) {
    try {
      const socket = yield* openWebSocket(url);
      delay = SHORTEST;
      state.textContent = `Connected as ${name}`;
      yield* race([receive(socket), send(socket)]);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
    }
    state.textContent = "Not connected";
    yield* sleep(delay);
  }
}

/**
 * @param {import("mysyncio/browser").WebSocketConnection} socket
 * @returns {import("mysyncio/browser").Coroutine<void>}
 */
function* receive(socket) {
  const messages = iterate(socket);
  for (let next = yield* messages.next(); !next.done; next = yield* messages.next()) {
    const { from, text } = JSON.parse(String(next.value));
    show(from, text);
  }
}

/**
 * @param {import("mysyncio/browser").WebSocketConnection} socket
 * @returns {import("mysyncio/browser").Coroutine<never>}
 */
function* send(socket) {
  for (;;) {
    unsent ??= yield* outbox.get();
    yield* socket.write(unsent);
    unsent = undefined;
  }
}

/**
 * @param {string | undefined} from undefined for a message of the server itself
 * @param {string} text
 */
function show(from, text) {
  const item = document.createElement("li");
  const what = document.createElement(from === undefined ? "i" : "span");
  what.textContent = from === undefined ? text : `${from}: ${text}`;
  item.append(what);
  log.append(item);
  item.scrollIntoView();
}

await run(chat);
