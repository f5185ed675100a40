/**
 * Provides a WebSocket. Node has one from version 22 on. Before that, the one of `ws` takes its
 * place.
 */
export async function provideWebSocket(): Promise<void> {
  if (typeof globalThis.WebSocket === "function") return;
  // A browser must not resolve it.
  const name = "ws";
  const { WebSocket } = await import(/* @vite-ignore */ name);
  globalThis.WebSocket = WebSocket;
}
