"""A service that streams what it does, a line of JSON each, and stops where nobody listens any more."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Builds(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        steps = int(asked["steps"])
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        try:
            for step in range(1, steps + 1):
                self.say({"done": step, "total": steps, "note": f"step {step}"})
                time.sleep(0.1)
        except ConnectionError:
            print(f"the client is gone: stopped at step {step}", flush=True)

    def say(self, value):
        self.wfile.write(json.dumps(value).encode() + b"\n")


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8082
    server = ThreadingHTTPServer(("127.0.0.1", port), Builds)
    print(f"builds on port {server.server_port}", flush=True)
    server.serve_forever()
