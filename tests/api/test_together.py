#!/usr/bin/python3
"""Many connections at once: nobody sees half a change, and nothing is lost.

    test_together.py PROGRAM [--short] [unittest options]
"""

import http.client
import random
import signal
import threading
import time

import suite
from suite import PRO, OwnServerTest, setUpModule, tearDownModule
from server import Client, condition, filter_of, in_segment, is_equal, wait_until
from state import State

WRITERS = 64
READERS = 8
EMAILS_PER_WRITER = 4
# Members come and go by this many at once.
BLOCK = 7


def any_of(*conditions):
    return {"logic": "OR", "groups": [{"filters": filters} for filters in conditions]}


class Crowd(OwnServerTest):
    """One server under writers and readers, each with a connection of its own."""

    def setUp(self):
        super().setUp()
        self.wrong = []
        self.done = threading.Event()

    def run_thread(self, work, *arguments):
        client = Client(self.server.port, self.project["secretKey"])
        try:
            work(client, *arguments)
        except Exception as error:  # a thread's own trace would be lost
            self.wrong.append(repr(error))
        finally:
            client.close()

    def start(self, count, work):
        threads = [threading.Thread(target=self.run_thread, args=(work, i)) for i in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def expect(self, answer, *statuses):
        if answer.status not in statuses:
            self.wrong.append(answer.text)
        return answer.json

    def create(self, client, name, given=None, **members):
        body = {"name": name, **({"condition": given} if given else {}), **members}
        answer = client.post("/segments", body)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json


class Writing(Crowd):
    REQUESTS = 40
    REQUESTS_SHORT = 12

    def setUp(self):
        super().setUp()
        self.server = self.serve("--sweep", "50ms")
        self.api = self.client(self.server)
        self.pro = self.create(self.api, "Pro", PRO, trackMembership=True)
        self.buyers = self.create(self.api, "Buyers", condition(
            filter_of("event.bought", "triggered"), in_segment(self.pro["id"])),
            trackMembership=True)
        self.quiet = self.create(self.api, "Quiet", condition(in_segment(self.buyers["id"])))
        self.fixed = self.create(self.api, "Fixed", type="STATIC")

    def write(self, client, number):
        picked = random.Random(number)
        emails = [f"c{number}-{i}@x.io" for i in range(EMAILS_PER_WRITER)]
        block = [f"block{number}-{i}@x.io" for i in range(BLOCK)]
        path = f"/segments/{self.fixed['id']}/members"
        for i in range(self.REQUESTS_SHORT if suite.is_short else self.REQUESTS):
            email = picked.choice(emails)
            data = {"plan": picked.choice(("pro", "free"))}
            kind = picked.randrange(10)
            if kind < 5:
                self.expect(client.post("/v1/track", {
                    "event": picked.choice(("bought", "seen")), "email": email, "data": data}), 200)
            elif kind < 7:
                self.expect(client.post("/contacts", {
                    "email": email, "data": data, "subscribed": picked.random() < 0.5}), 200, 201)
            elif kind == 7:
                answer = client.post("/contacts", {"email": email, "data": data})
                made = self.expect(answer, 200, 201)
                self.expect(client.delete(f"/contacts/{made['id']}"), 204)
            elif kind == 8:
                added = self.expect(client.post(path, {"emails": block, "createMissing": True}),
                                    200)
                if added["added"] not in (0, BLOCK):
                    self.wrong.append(f"added a part of a block: {added}")
            else:
                removed = self.expect(client.delete(path, {"emails": block}), 200)
                if removed["removed"] not in (0, BLOCK):
                    self.wrong.append(f"removed a part of a block: {removed}")

    # What is always so in one answer, whatever moment it is of.

    def check_parts(self, client):
        """The parts of a whole add up: nodes, count, subscribed and total are of one moment."""
        answer = self.expect(client.post("/segments/preview", {"sample": 5, "condition": any_of(
            [filter_of("data.plan", "equals", "pro")],
            [filter_of("data.plan", "notEquals", "pro"), filter_of("data.plan", "exists")],
            [filter_of("data.plan", "notExists")],
            [filter_of("subscribed", "equals", True)],
            [filter_of("subscribed", "equals", False)])}), 200)
        nodes = {node["path"]: node["count"] for node in answer["nodes"]}
        plans = [nodes[f"groups[{i}]"] for i in range(3)]
        flags = [nodes[f"groups[{i}]"] for i in (3, 4)]
        if not (sum(plans) == sum(flags) == answer["count"] == answer["total"] and
                flags[0] == answer["subscribed"]):
            self.wrong.append(f"the parts are not the whole: {answer}")

    def check_tracking(self, client):
        """Who enters is a member in the same moment, and everybody of what refers to it too."""
        pro = filter_of("data.plan", "equals", "pro")
        answer = self.expect(client.post("/segments/preview", {"condition": any_of(
            [pro, in_segment(self.pro["id"], "notMemberOfSegment")],
            [filter_of("data.plan", "notEquals", "pro"), in_segment(self.pro["id"])],
            [in_segment(self.buyers["id"]), in_segment(self.pro["id"], "notMemberOfSegment")],
            [in_segment(self.pro["id"]), filter_of("event.bought", "triggered"),
             in_segment(self.buyers["id"], "notMemberOfSegment")],
            [pro, filter_of("event.segment.pro.entry", "notTriggered")])}), 200)
        if answer["count"] != 0:
            self.wrong.append(f"a change is seen without its entries: {answer}")

    def check_blocks(self, client):
        """A request's members come together."""
        counts = [
            self.expect(client.post("/segments/preview", {
                "condition": condition(in_segment(self.fixed["id"]))}), 200)["count"],
            self.expect(client.get(f"/segments/{self.fixed['id']}/contacts"), 200)["total"],
            self.expect(client.get(f"/segments/{self.fixed['id']}"), 200)["memberCount"]]
        if any(count % BLOCK for count in counts):
            self.wrong.append(f"a block is seen in parts: {counts}")

    def check_pages(self, client):
        """A page has whom it says, newest first."""
        page = self.expect(client.get(f"/segments/{self.quiet['id']}/contacts?pageSize=100"), 200)
        ids = [row["id"] for row in page["data"]]
        # Contacts that go while the page is read are left out.
        if len(ids) > min(page["total"], 100) or len(set(ids)) != len(ids):
            self.wrong.append(f"{len(ids)} contacts on a page of {page['total']}")
        for path in ("/segments", "/events/names", "/contacts?limit=100", "/events?limit=50",
                     "/contacts/fields", "/contacts/fields/data.plan/values"):
            self.expect(client.get(path), 200)

    def read(self, client, number):
        checks = [self.check_parts, self.check_tracking, self.check_blocks, self.check_pages]
        turn = number
        while not self.done.is_set() and len(self.wrong) < 10:
            checks[turn % len(checks)](client)
            turn += 1

    def test_64_writers_and_8_readers(self):
        readers = self.start(READERS, self.read)
        writers = self.start(WRITERS, self.write)
        for thread in writers:
            thread.join()
        self.done.set()
        for thread in readers:
            thread.join()
        self.assertEqual(self.wrong, [])
        path = f"/segments/{self.pro['id']}"
        before = self.api.get(path).json["memberCountAt"]
        self.assertTrue(wait_until(lambda: self.api.get(path).json["memberCountAt"] > before, 60))
        State(self.api).check(self, int(time.time() * 1000))
        self.assertEqual(self.server.stop(), 0)


class SameContacts(Crowd):
    """Everybody writes to the same few contacts: one batch has them made, changed and deleted."""

    REQUESTS = 40
    REQUESTS_SHORT = 10
    EMAILS = ["a@x.io", "b@x.io", "c@x.io"]

    def write(self, client, number):
        picked = random.Random(number)
        for i in range(self.REQUESTS_SHORT if suite.is_short else self.REQUESTS):
            email = picked.choice(self.EMAILS)
            data = {"plan": picked.choice(("pro", "free", None)), f"field{number}": i}
            kind = picked.randrange(8)
            if kind < 3:
                token = f"{number}-{i}"
                answer = self.expect(client.post("/v1/track", {
                    "event": "bought", "email": email, "data": {
                        **data, "token": {"value": token, "persistent": False}}}), 200)
                self.tracked[token] = answer["data"]
            elif kind < 5:
                self.expect(client.post("/contacts", {"email": email, "data": data,
                                                      "subscribed": picked.random() < 0.5}),
                            200, 201)
            elif kind == 5:
                body = {"emails": self.EMAILS, "createMissing": picked.random() < 0.5}
                self.expect(client.post(f"/segments/{self.fixed['id']}/members", body), 200)
            else:
                row = self.expect(client.post("/contacts", {"email": email}), 200, 201)
                if kind == 6:  # somebody else may be first
                    self.expect(client.delete(f"/contacts/{row['id']}"), 204, 404)
                else:
                    self.expect(client.patch(f"/contacts/{row['id']}", {
                        "email": picked.choice(self.EMAILS), "data": data}), 200, 404, 409)

    def test_64_writers_of_three_contacts(self):
        self.server = self.serve("--sweep", "50ms")
        client = self.client(self.server)
        self.tracked = {}
        self.fixed = self.create(client, "Fixed", type="STATIC")
        pro = self.create(client, "Pro", PRO, trackMembership=True)
        buyers = self.create(client, "Buyers", condition(
            filter_of("event.bought", "triggered"), in_segment(pro["id"])), trackMembership=True)
        self.create(client, "Others", condition(
            in_segment(buyers["id"], "notMemberOfSegment"), in_segment(self.fixed["id"])),
            trackMembership=True)
        for thread in self.start(WRITERS, self.write):
            thread.join()
        self.assertEqual(self.wrong, [])
        for restarts in (False, True):
            if restarts:
                self.server.kill()
                self.server.start()
                client = self.client(self.server)
            path = f"/segments/{pro['id']}"
            before = client.get(path).json["memberCountAt"]
            self.assertTrue(wait_until(
                lambda: client.get(path).json["memberCountAt"] > before, 60))
            state = State(client)
            self.check_events(state)
            state.check(self, int(time.time() * 1000))

    def check_events(self, state):
        """The events of the contacts that are left are those that were answered, each once."""
        shown = [(event["data"]["token"]["value"], event["id"]) for event in state.events
                 if event["name"] == "bought"]
        expected = [(token, data["event"]) for token, data in self.tracked.items()
                    if data["contact"] in state.contacts]
        self.assertEqual(sorted(shown), sorted(expected))
        self.assertEqual(len({row["email"] for row in state.contacts.values()}),
                         len(state.contacts))


class Stopping(Crowd):
    def write(self, client, number):
        """Until the server takes no more; what was answered is kept."""
        i = 0
        while True:
            email = f"c{number}-{i}@x.io"
            i += 1
            try:
                answer = client.post("/v1/track", {"event": "bought", "email": email,
                                                   "data": {"plan": "pro"}})
            except (OSError, http.client.HTTPException):
                self.unanswered.append(email)
                return
            if answer.status == 503:
                self.refused.append(email)
                return
            self.expect(answer, 200)
            self.answered.append((email, answer.json["data"]["event"]))

    def test_sigterm_under_load_answers_what_was_accepted(self):
        self.server = self.serve("--sweep", "50ms")
        client = self.client(self.server)
        self.create(client, "Pro", PRO, trackMembership=True)
        self.answered, self.refused, self.unanswered = [], [], []
        threads = self.start(WRITERS, self.write)
        self.assertTrue(wait_until(lambda: len(self.answered) > 2 * WRITERS, 60))
        self.server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        self.assertEqual(self.server.end(), 0)
        self.assertEqual(self.wrong, [])
        self.assertTrue(any("every request was answered" in line for line in self.server.lines))
        self.server.start()
        state = State(self.client(self.server))
        bought = {}
        entered = {}
        for event in state.events:
            kept = bought if event["name"] == "bought" else entered
            kept.setdefault(event["contact"]["email"], []).append(event["id"])
        self.assertEqual({email: bought.get(email) for email, _ in self.answered},
                         {email: [event] for email, event in self.answered})
        # A connection may be closed before its request is read, but nothing that was is dropped.
        answered = {email for email, _ in self.answered}
        self.assertEqual(set(bought), answered)
        self.assertEqual({email: len(ids) for email, ids in entered.items()},
                         dict.fromkeys(answered, 1))


if __name__ == "__main__":
    suite.main(__doc__)
