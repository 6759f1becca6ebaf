"""A receiver of webhooks that can be told to fail in every way; and the scheme's signatures, checked
by nothing but the standard library.
"""

import base64
import hashlib
import hmac
import json
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def verifies(secret, headers, body):
    """Whether one of the signatures is good."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, given)
               for given in headers["webhook-signature"].split())


@dataclass
class Arrival:
    """A delivery as it came in."""
    path: str
    headers: dict
    raw: bytes
    began: float
    answered: int = 0       # with this status; 0: not at all
    ended: float = 0.0
    body: dict = field(init=False)

    def __post_init__(self):
        self.body = json.loads(self.raw)

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def event(self):
        return self.body["event"]


class Receiver:
    """Listens on loopback. `behave` is called with each arrival and its handler's reply functions.
    tls: a context of ssl, to speak HTTPS."""

    def __init__(self, behave=None, tls=None):
        self.tls = tls
        self.behave = behave or (lambda arrival, reply: reply(200))
        self.lock = threading.Lock()
        self.arrivals = []
        self.under_way = 0
        self.most_under_way = 0
        self.port = 0
        self.server = None
        self.start()

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.take(self, Arrival(self.path, headers, raw, time.monotonic()))

            def do_GET(self):
                raise AssertionError("a delivery is a POST")

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a sender that was killed

        self.server = Server(("127.0.0.1", self.port), Handler)
        if self.tls:  # the handshake is left to the handler's thread
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self):
        """Nobody listens any more; the port stays ours to come back to."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take(self, handler, arrival):
        with self.lock:
            self.arrivals.append(arrival)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)

        def reply(status, headers=None, content=b"", announced=None):
            # Before the answer leaves: whoever reads it may already act on it. One that ends too
            # early is none.
            with self.lock:
                arrival.answered = status if announced is None else 0
                arrival.ended = time.monotonic()
            handler.send_response(status)
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            handler.send_header("Content-Length",
                                str(len(content) if announced is None else announced))
            handler.end_headers()
            handler.wfile.write(content)

        try:
            self.behave(arrival, reply)
            if arrival.answered == 0:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            handler.close_connection = True
        finally:
            with self.lock:
                self.under_way -= 1

    def seen(self, path=None):
        with self.lock:
            return [arrival for arrival in self.arrivals if path in (None, arrival.path)]

    def taken(self, path=None):
        """Those that were answered with 2xx, in the order of their answers."""
        return sorted((arrival for arrival in self.seen(path) if 200 <= arrival.answered < 300),
                      key=lambda arrival: arrival.ended)


class Mischief:
    """A behaviour that fails in every way, at random, and takes about every second delivery."""

    WAYS = ("take", "take", "take", "take", "take", "take", "refuse", "hang", "redirect", "busy",
            "slow", "cut", "half", "moved")

    def __init__(self, seed, hang_seconds):
        self.random = random.Random(seed)
        self.hang_seconds = hang_seconds
        self.lock = threading.Lock()
        self.ways = {}

    def __call__(self, arrival, reply):
        with self.lock:
            way = self.random.choice(self.WAYS) if arrival.path != "/moved" else "take"
            self.ways[way] = self.ways.get(way, 0) + 1
        if way == "take":
            reply(200, content=b"thanks")
        elif way == "refuse":
            reply(500, content=b"no" * 5000)
        elif way == "hang":
            time.sleep(self.hang_seconds)
        elif way == "redirect":
            reply(308, {"Location": "/moved"})
        elif way == "moved":
            reply(302, {"Location": "/moved"})
        elif way == "busy":
            reply(429, {"Retry-After": "1"})
        elif way == "slow":
            time.sleep(0.05)
            reply(204)
        elif way == "half":
            reply(200, content=b"x", announced=100)
        # "cut": no answer
