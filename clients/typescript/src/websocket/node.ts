import { Disconnected } from "../errors.js";
import type { WebSocketKind } from "./kind.js";

// By a name that bundlers do not follow: it need not be there.
const PACKAGE = "ws";

/** Node's own WebSocket, which it has from 22 on; before that the package `ws`, if it is installed. */
export async function findWebSocket(): Promise<WebSocketKind> {
  if (globalThis.WebSocket) return globalThis.WebSocket as WebSocketKind;
  try {
    return ((await import(/* webpackIgnore: true */ /* @vite-ignore */ PACKAGE)) as { WebSocket: WebSocketKind }).WebSocket;
  } catch {
    const help = "install the package `ws`, use Node 22 or later, or give one as the option `WebSocket`";
    throw new Disconnected("no_websocket", `this Node has no WebSocket: ${help}`);
  }
}
