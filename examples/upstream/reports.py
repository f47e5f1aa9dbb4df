"""A plain REST service. It knows nothing of Longwire."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Reports(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urlsplit(self.path).path
        _, reports, year, name = (unquote(part) for part in (path.split("/") + [""] * 4)[:4])
        if reports != "reports" or not year.isdigit():
            self.answer(404, {"title": "there is no such report"})
            return
        time.sleep(0.2)
        self.answer(200, {"year": int(year), "name": name, "rows": 3})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8081
    server = ThreadingHTTPServer(("127.0.0.1", port), Reports)
    print(f"reports on port {server.server_port}", flush=True)
    server.serve_forever()
