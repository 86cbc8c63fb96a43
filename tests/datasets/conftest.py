"""A server on this machine that hands out files, and misbehaves on request."""

import hashlib
import http.server
import threading

import pytest

from tinytorch.datasets.download import RemoteFile


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` (path to bytes), with ranges; what it is to do wrong stands in its fields."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests = {}, []  # requests: (path, Range header or None)
        self.break_after = None  # bytes of a body, for the next request alone
        self.ranges = True
        self.pause = 0.0  # seconds before each answer
        self.endless = False

    def handle_error(self, *_):
        """A client that goes away is part of the tests."""

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    def publish(self, name, data, *mirrors, **facts):
        """`data` as a published file, served under `mirrors` (or its name)."""
        for path in mirrors or (name,):
            self.files.setdefault(path, data)
        urls = tuple(self.url(path) for path in mirrors or (name,))
        return RemoteFile(name, len(data), hashlib.sha256(data).hexdigest(), urls, **facts)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        server, path, asked = self.server, self.path.lstrip("/"), self.headers.get("Range")
        server.requests.append((path, asked))
        threading.Event().wait(server.pause)
        if path not in server.files:
            return self.send_error(404)
        data, start = server.files[path], 0
        if asked and server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        if not server.endless:
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end, server.break_after = server.break_after, None
        self.wfile.write(data[start : len(data) if end is None else start + end])
        while server.endless:
            self.wfile.write(b"x" * 65536)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    running = Server()
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()
