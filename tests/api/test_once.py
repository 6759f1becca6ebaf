#!/usr/bin/python3
"""Idempotency keys: a request that is sent again is carried out once and answered as the first.

    test_once.py PROGRAM [--short] [unittest options]
"""

import tempfile
import threading
import unittest
from pathlib import Path

import suite
from suite import PRO
from server import Client, Server


class Once(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Server(suite.program, str(Path(folder.name) / "test.db"), "--sweep", "0",
                             "--rate", "0")
        self.keys = self.server.create_project("Once")
        self.other_keys = self.server.create_project("Other")
        self.server.start()
        self.addCleanup(self.end)
        self.api = self.client()

    def end(self):
        if self.server.process.poll() is None:
            self.server.stop()

    def client(self, key=None):
        client = Client(self.server.port, key or self.keys["secretKey"])
        self.addCleanup(client.close)
        return client

    def send(self, path, body, key, client=None):
        return (client or self.api).send("POST", path, body, {"Idempotency-Key": key})

    def events(self, name):
        return self.api.get(f"/events?eventName={name}").json["events"]

    def test_the_first_answer_comes_again(self):
        body = {"event": "paid", "email": "a@x.org"}
        first = self.send("/v1/track", body, "k1")
        again = self.send("/v1/track", body, "k1")
        self.assertEqual((first.status, first.text), (again.status, again.text))
        self.assertIsNone(first.headers.get("Idempotent-Replayed"))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual(len(self.events("paid")), 1)

    def test_a_batch_comes_again_as_a_whole(self):
        body = [{"event": "paid", "email": "a@x.org"}, {"event": "paid", "email": "nonsense"},
                {"event": "paid", "email": "b@x.org"}]
        first = self.send("/v1/track/batch", body, "k1")
        again = self.send("/v1/track/batch", body, "k1")
        self.assertEqual((first.status, first.text), (again.status, again.text))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual((first.json["data"]["accepted"], first.json["data"]["rejected"]), (2, 1))
        self.assertEqual(len(self.events("paid")), 2)
        opened = [{"email": "a@x.org", "activity": "opened", "at": "2026-01-01T00:00:00Z"}]
        first = self.send("/v1/email-activity", opened, "k2")
        again = self.send("/v1/email-activity", opened, "k2")
        self.assertEqual(first.json["data"]["accepted"], 1)
        self.assertEqual((again.text, again.headers["Idempotent-Replayed"]), (first.text, "true"))
        self.assertEqual(self.send("/v1/track/batch", body[:1], "k1").status, 409)

    def test_another_key_or_none_is_another_request(self):
        body = {"event": "paid", "email": "a@x.org"}
        self.send("/v1/track", body, "k1")
        self.send("/v1/track", body, "k2")
        self.api.post("/v1/track", body)
        self.assertEqual(len(self.events("paid")), 3)

    def test_another_body_or_path_under_the_key_is_a_conflict(self):
        self.send("/v1/track", {"event": "paid", "email": "a@x.org"}, "k1")
        for path, body in (("/v1/track", {"event": "paid", "email": "b@x.org"}),
                           ("/contacts", {"event": "paid", "email": "a@x.org"})):
            answer = self.send(path, body, "k1")
            self.assertEqual((answer.status, answer.error["code"]), (409, "CONFLICT"))
        self.assertEqual(len(self.events("paid")), 1)
        self.assertEqual(self.api.get("/contacts").json["total"], 1)

    def test_keys_belong_to_a_project(self):
        other = self.client(self.other_keys["secretKey"])
        body = {"email": "a@x.org"}
        self.assertEqual(self.send("/contacts", body, "k1").status, 201)
        self.assertEqual(self.send("/contacts", body, "k1", other).status, 201)

    def test_a_failure_is_not_kept(self):
        self.assertEqual(self.send("/contacts", {"email": "nonsense"}, "k1").status, 422)
        self.assertEqual(self.send("/contacts", {"email": "a@x.org"}, "k1").status, 201)

    def test_status_and_body_of_every_kind_of_answer(self):
        created = self.send("/contacts", {"email": "a@x.org"}, "c")
        self.assertEqual(created.status, 201)
        # by now it would be an update
        self.assertEqual(self.send("/contacts", {"email": "a@x.org"}, "c").text, created.text)
        segment = {"name": "Pro", "condition": PRO, "trackMembership": True}
        made = self.send("/segments", segment, "s")
        self.assertEqual(made.status, 201)
        self.assertEqual(self.send("/segments", segment, "s").text, made.text)
        self.assertEqual(len(self.api.get("/segments").json), 1)
        members = self.api.post("/segments", {"name": "List", "type": "STATIC"}).json["id"]
        added = {"emails": ["a@x.org", "b@x.org", "nonsense"], "createMissing": True}
        for _ in range(2):
            answer = self.send(f"/segments/{members}/members", added, "m")
            self.assertEqual(answer.json, {"added": 2, "created": 1, "notFound": [],
                                           "invalid": ["nonsense"]})
        self.api.patch(f"/contacts/{created.json['id']}", {"data": {"plan": "free"}})
        path = f"/segments/{made.json['id']}"
        for order in ("refresh", "compute"):
            first = self.send(f"{path}/{order}", {}, order)
            self.assertEqual(first.status, 200)
            self.assertEqual(self.send(f"{path}/{order}", {}, order).text, first.text)

    def test_requests_that_change_nothing_have_a_first_answer_too(self):
        body = {"condition": PRO}
        first = self.send("/segments/preview", body, "p")
        self.api.post("/contacts", {"email": "a@x.org", "data": {"plan": "pro"}})
        self.assertEqual(self.send("/segments/preview", body, "p").text, first.text)
        self.assertEqual(self.send("/segments/preview", body, "q").json["count"], 1)
        self.assertEqual(self.send("/contacts/lookup", {"emails": ["a@x.org"]}, "p").status, 409)

    def test_at_the_same_time(self):
        answers = []

        def send():
            client = Client(self.server.port, self.keys["secretKey"])
            answers.append(self.send("/v1/track", {"event": "paid", "email": "a@x.org"}, "k", client))
            client.close()

        threads = [threading.Thread(target=send) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({answer.text for answer in answers}, {answers[0].text})
        self.assertEqual(len(self.events("paid")), 1)

    def test_after_a_crash(self):
        body = {"event": "paid", "email": "a@x.org"}
        first = self.send("/v1/track", body, "k1")
        self.server.kill()
        self.server.start()
        self.api = self.client()
        self.assertEqual(self.send("/v1/track", body, "k1").text, first.text)
        self.assertEqual(len(self.events("paid")), 1)

    def test_keys_that_are_none(self):
        for key in ("x" * 256, "a b\x7f"):
            self.assertEqual(self.send("/contacts", {"email": "a@x.org"}, key).status, 400)


if __name__ == "__main__":
    suite.main(__doc__)
