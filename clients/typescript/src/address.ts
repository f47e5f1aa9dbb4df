import { Disconnected } from "./errors.js";

/** The address of the socket of a server at `url`. In a page it may be relative to the page's own. */
export function socketAddress(url: string | URL): string {
  let address!: URL;
  try {
    address = new URL(url, globalThis.location?.href);
  } catch {}
  const protocol = address?.protocol;
  if (!/^(ws|http)s?:$/.test(protocol)) {
    throw new Disconnected("invalid_address", `no address of http or ws: ${url}`);
  }
  address.protocol = protocol.replace("http", "ws");
  address.hash = "";
  const path = address.pathname.replace(/\/+$/, "");
  // A socket's own path is kept; below the address of a site it is `/ws`.
  const isSocket = path.endsWith("/ws") || (path && protocol.startsWith("ws"));
  address.pathname = isSocket ? path : `${path}/ws`;
  return address.href;
}
