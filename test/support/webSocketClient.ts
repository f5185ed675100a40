/** Makes `WebSocket` available. Before version 22, Node lacks it, and `ws` provides it. */
export async function provideWebSocket(): Promise<void> {
  if (typeof globalThis.WebSocket === "function") return;
  // A browser must not resolve it.
  const name = "ws";
  const { WebSocket } = await import(/* @vite-ignore */ name);
  globalThis.WebSocket = WebSocket;
}
