/** Sees to it that there is a WebSocket: Node has one from version 22 on, and before that we take the one of `ws`. */
export async function provideWebSocket(): Promise<void> {
  if (typeof globalThis.WebSocket === "function") return;
  // A browser must not look for it.
  const name = "ws";
  const { WebSocket } = await import(/* @vite-ignore */ name);
  globalThis.WebSocket = WebSocket;
}
