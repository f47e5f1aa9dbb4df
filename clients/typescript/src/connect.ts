import { Client } from "./client.js";
import type { ConnectOptions } from "./connection.js";

/**
 * Connects to a server at an address such as `http://127.0.0.1:8000` or `wss://example.com/ws`; in a page it may be relative, as `/`.
 *
 * From then on the client connects again by itself wherever the connection breaks.
 */
export const connect: (url: string | URL, options?: ConnectOptions) => Promise<Client> = Client.connect;
