import { connect } from "longwire";
import { WebSocket } from "ws";

class Signed extends WebSocket {
  constructor(url, protocol) {
    super(url, protocol, { headers: { authorization: `Bearer ${process.env.TOKEN}` } });
  }
}

const client = await connect("http://127.0.0.1:8000", { WebSocket: Signed });
console.log(`${(await client.status()).total} jobs run`);
await client.close();
