import type { WebSocketKind } from "./kind.js";

/** The WebSocket of this place: wherever no condition `node` holds there is one. */
export async function findWebSocket(): Promise<WebSocketKind> {
  return globalThis.WebSocket as WebSocketKind;
}
