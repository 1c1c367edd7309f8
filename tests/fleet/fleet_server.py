"""A Fleet server that does not exist: GET /api/v1/fleet/hosts on this machine, as well as Fleet answers it, or as badly as wanted."""
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "s3cret-Token"


def host(number, **more):
    return {"id": number, "uuid": f"UUID-{number}", "hostname": f"host-{number}.example.internal", "platform": "windows",
            "team_name": "Servers" if number % 2 else "", "seen_time": "2026-09-21T10:00:00Z",
            "issues": {"total_issues_count": 0}, "pack_stats": [], **more}


class FleetServer:
    """Serves `hosts`; `answer`, when set, may give (status, headers, bytes) instead for a request's number."""

    def __init__(self, hosts, answer=lambda number, query: None):
        self.hosts, self.answer, self.requests = hosts, answer, []
        fleet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                fleet.requests.append(query)
                status, headers, body = fleet.answer(len(fleet.requests), query) or fleet.page(self, url.path, query)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, handler, path, query):
        if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, b'{"message": "Authentication required"}'
        if path != "/api/v1/fleet/hosts":
            return 404, {}, b"{}"
        after, size = int(query.get("after", 0)), int(query["per_page"])
        assert query["order_key"] == "id" and query["page"] == "0"
        found = sorted((h for h in self.hosts if h["id"] > after), key=lambda h: h["id"])[:size]
        return 200, {}, json.dumps({"hosts": found}).encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
