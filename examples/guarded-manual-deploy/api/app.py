"""Stands for a team's API: what it answers is what a deploy asks for."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHA = os.environ.get("GIT_SHA", "unknown")
ANSWERS = {
    "/health": {"status": "ok"},
    "/api/health": {"git_sha": SHA[:8], "version": f"sha-{SHA[:7]}"},
    "/api/orders": {"orders": [], "next": None},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = ANSWERS.get(self.path)
        body = json.dumps(answer or {"error": "not found"}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# The first process of a container is not stopped by a signal that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("", 8000), Handler).serve_forever()
