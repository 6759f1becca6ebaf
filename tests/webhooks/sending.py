"""A server that sends, and receivers, for the tests of what becomes of deliveries."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
from receiver import Receiver  # noqa: E402
from server import wait_until  # noqa: E402
from suite import OwnServerTest  # noqa: E402

SPEED = "SEGMENTRY_TEST_WEBHOOK_SPEED"
PRIVATE = "--allow-private-webhooks"
WAIT_SECONDS = 120


class SendingTest(OwnServerTest):
    def start_server(self, *options, speed=200, private=True):
        allowed = (PRIVATE,) if private else ()
        server = self.serve("--sweep", "0", *allowed, *options, environment={SPEED: str(speed)})
        self.server = server
        self.api = self.client(server)
        return server

    def restart(self):
        self.server.start()
        self.api = self.client(self.server)

    def receiver(self, behave=None):
        made = Receiver(behave)
        self.addCleanup(made.stop)
        return made

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.text)
        return answer.json

    def webhook(self, url, *events, **members):
        return self.ok(self.api.post("/webhooks", {"url": url, "events": list(events) or ["*"],
                                                   **members}), 201)

    def get_webhook(self, made):
        return self.ok(self.api.get(f"/webhooks/{made['id']}"))

    def deliveries(self, made):
        return self.ok(self.api.get(f"/webhooks/{made['id']}/deliveries?limit=100"))["data"]

    def track(self, email, event="purchase", **data):
        self.ok(self.api.post("/v1/track", {"event": event, "email": email, "data": data}))

    def track_many(self, items):
        for at in range(0, len(items), 1000):
            batch = [{"event": "purchase", "email": email, "data": {"n": n}}
                     for email, n in items[at:at + 1000]]
            answer = self.ok(self.api.post("/v1/track/batch", batch))
            self.assertEqual(answer["data"]["rejected"], 0)

    def wait(self, what, message="it does not happen"):
        found = wait_until(what, WAIT_SECONDS)
        self.assertTrue(found, message)
        return found

    def wait_for_all(self, made):
        self.wait(lambda: self.get_webhook(made)["pending"] == 0, "deliveries stay pending")

    def check_arrivals(self, receiver, expected):
        """expected: how many events of each contact, numbered from 0 in `n`."""
        ids = {}
        bodies = {}
        for arrival in receiver.seen():
            key = (arrival.body["contact"]["email"], arrival.event["n"])
            self.assertEqual(ids.setdefault(key, arrival.id), arrival.id, "the id changed")
            self.assertEqual(bodies.setdefault(arrival.id, arrival.raw), arrival.raw)
        self.assertEqual(len(set(ids.values())), len(ids), "two events have one id")
        taken = {}
        for arrival in receiver.taken():
            email, n = arrival.body["contact"]["email"], arrival.event["n"]
            taken.setdefault(email, [])
            if n not in taken[email]:
                taken[email].append(n)
        self.assertEqual(taken, {email: list(range(count)) for email, count in expected.items()})
        # Not even an attempt is made before the earlier ones have been taken.
        ends = {}
        for arrival in receiver.taken():
            ends.setdefault((arrival.body["contact"]["email"], arrival.event["n"]), arrival.ended)
        for arrival in receiver.seen():
            email, n = arrival.body["contact"]["email"], arrival.event["n"]
            if n > 0:
                self.assertLess(ends[(email, n - 1)], arrival.began, (email, n))
