#!/usr/bin/python3
"""Around a segment and a contact: entries and exits, sizes, memberships, and what uses a segment.

    test_history.py PROGRAM [unittest options]
"""

import contextlib
import datetime
import sqlite3
import time

import suite
from suite import PRO, UNKNOWN, ApiTest, OwnServerTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment, wait_until

DAY_MS = 24 * 60 * 60 * 1000


class Changes(ApiTest):
    def changes(self, path):
        """All pages, two rows each."""
        rows, cursor = [], ""
        while True:
            page = self.ok(self.api.get(f"{path}/changes?limit=2{cursor}"))
            rows += page["data"]
            if not page["hasMore"]:
                self.assertIsNone(page["cursor"])
                return rows
            self.assertEqual(len(page["data"]), 2)
            cursor = f"&cursor={page['cursor']}"

    def brief(self, path, key, name):
        return [(row["type"], row["cause"], row[key][name]) for row in self.changes(path)]

    def test_a_segment_tells_who_came_and_went(self):
        made = self.segment(trackMembership=True)
        ada = self.contact("ada@x.io", {"plan": "pro"})
        bob = self.contact("bob@x.io", {"plan": "pro"})
        self.ok(self.api.patch(f"/contacts/{ada['id']}", {"data": {"plan": "free"}}))
        self.assertEqual(self.api.delete(f"/contacts/{bob['id']}").status, 204)
        path = f"/segments/{made['id']}"
        self.assertEqual(self.brief(path, "contact", "email"), [
            ("exit", "DELETE", "bob@x.io"), ("exit", "DATA", "ada@x.io"),
            ("entry", "DATA", "bob@x.io"), ("entry", "DATA", "ada@x.io")])
        rows = self.changes(path)
        self.assertEqual([row["contact"]["id"] for row in rows],
                         [bob["id"], ada["id"], bob["id"], ada["id"]])
        self.assertEqual(len({row["id"] for row in rows}), 4)
        for row in rows:
            self.assertRegex(row["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertNotIn("segment", row)

    def test_a_new_definition_is_told_as_the_cause(self):
        self.contact("ada@x.io", {"plan": "free"})
        made = self.segment(trackMembership=True)
        self.ok(self.api.patch(f"/segments/{made['id']}", {
            "condition": condition(filter_of("data.plan", "exists"))}))
        self.ok(self.api.post(f"/segments/{made['id']}/compute"))
        self.assertEqual(self.brief(f"/segments/{made['id']}", "contact", "email"),
                         [("entry", "DEFINITION", "ada@x.io")])

    def test_a_new_definition_is_the_cause_in_all_that_lead_to_it(self):
        self.contact("ada@x.io", {"plan": "free"})
        inner = self.segment("Inner")
        middle = self.segment("Middle", condition(in_segment(inner["id"])))
        outer = self.segment("Outer", condition(in_segment(middle["id"])), trackMembership=True)
        path = f"/segments/{outer['id']}"
        self.ok(self.api.post(f"{path}/compute"))
        self.ok(self.api.patch(f"/segments/{inner['id']}", {
            "condition": condition(filter_of("data.plan", "exists"))}))
        self.ok(self.api.post(f"{path}/compute"))
        self.assertEqual(self.brief(path, "contact", "email"),
                         [("entry", "DEFINITION", "ada@x.io")])

    def test_a_contact_tells_where_it_was(self):
        ada = self.contact("ada@x.io", {"plan": "pro"})
        self.contact("bob@x.io", {"plan": "pro"})
        fixed = self.static(emails=["ada@x.io", "bob@x.io"])
        made = self.segment(trackMembership=True)
        self.ok(self.api.post(f"/segments/{made['id']}/compute"))
        self.ok(self.api.delete(f"/segments/{fixed['id']}/members", {"emails": ["ada@x.io"]}))
        path = f"/contacts/{ada['id']}"
        self.assertEqual(self.brief(path, "segment", "name"), [
            ("exit", "MANUAL", "Beta"), ("entry", "DEFINITION", "Pro"),
            ("entry", "MANUAL", "Beta")])
        self.assertEqual([row["segment"]["id"] for row in self.changes(path)],
                         [fixed["id"], made["id"], fixed["id"]])

    def test_an_untracked_segment_has_no_changes(self):
        self.contact("ada@x.io", {"plan": "pro"})
        self.assertEqual(self.changes(f"/segments/{self.segment()['id']}"), [])

    def test_what_is_not_there(self):
        self.refused(self.api.get(f"/segments/{UNKNOWN}/changes"), 404, "RESOURCE_NOT_FOUND")
        self.refused(self.api.get(f"/contacts/{UNKNOWN}/changes"), 404, "CONTACT_NOT_FOUND")
        made = self.segment()
        for query in ("limit=0", "limit=101", "cursor=x", "cursor=0"):
            self.refused(self.api.get(f"/segments/{made['id']}/changes?{query}"), 400,
                         "BAD_REQUEST")


class Causes(OwnServerTest):
    """What is told as the cause after a restart."""

    def restart(self, server):
        self.assertEqual(server.stop(), 0)
        return self.client(server.start())

    def causes(self, client, path):
        return [(row["type"], row["cause"]) for row in client.get(f"{path}/changes").json["data"]]

    def test_time_that_passes_before_the_first_sweep_is_the_cause(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        made = client.post("/segments", {"name": "Old", "trackMembership": True, "condition": condition(
            filter_of("createdAt", "olderThan", 0.01, "minutes"))}).json
        path = f"/segments/{made['id']}"
        self.assertEqual(client.post(f"{path}/compute").json["added"], 0)
        client.post("/contacts", {"email": "ada@x.io"})
        client = self.restart(server)
        self.assertTrue(wait_until(lambda: client.get(f"{path}/contacts").json["total"]))
        self.assertEqual(client.post(f"{path}/compute").json["added"], 1)
        self.assertEqual(self.causes(client, path), [("entry", "CLOCK")])

    def test_a_definition_that_changed_before_is_the_cause(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        made = client.post("/segments", {"name": "Pro", "trackMembership": True,
                                         "condition": PRO}).json
        path = f"/segments/{made['id']}"
        outer = client.post("/segments", {"name": "Outer", "trackMembership": True,
                                          "condition": condition(in_segment(made["id"]))}).json
        client.post("/contacts", {"email": "ada@x.io", "data": {"plan": "free"}})
        for one in (path, f"/segments/{outer['id']}"):
            client.post(f"{one}/compute")
        client.patch(path, {"condition": condition(filter_of("data.plan", "exists"))})
        server.options = ("--rate", "0", "--sweep", "50ms")
        client = self.restart(server)
        for one in (path, f"/segments/{outer['id']}"):
            self.assertTrue(wait_until(lambda: self.causes(client, one)))
            self.assertEqual(self.causes(client, one), [("entry", "DEFINITION")])


class Memberships(ApiTest):
    def test_every_kind_of_segment_is_listed(self):
        ada = self.contact("ada@x.io", {"plan": "pro"})
        fixed = self.static(emails=["ada@x.io"])
        live = self.segment("Live")
        tracked = self.segment("Tracked", trackMembership=True)
        self.segment("Other", condition(filter_of("data.plan", "equals", "free")))
        outer = self.segment("Outer", condition(in_segment(live["id"]), in_segment(fixed["id"])))
        self.static("Empty")
        self.ok(self.api.post(f"/segments/{tracked['id']}/compute"))
        rows = self.ok(self.api.get(f"/contacts/{ada['id']}/segments"))["data"]
        self.assertEqual([(row["id"], row["name"], row["type"], row["trackMembership"])
                          for row in rows], [
            (outer["id"], "Outer", "DYNAMIC", False), (tracked["id"], "Tracked", "DYNAMIC", True),
            (live["id"], "Live", "DYNAMIC", False), (fixed["id"], "Beta", "STATIC", False)])
        since = {row["name"]: row["since"] for row in rows}
        self.assertEqual((since["Outer"], since["Live"]), (None, None))
        for name, segment in (("Tracked", tracked), ("Beta", fixed)):
            entry = self.ok(self.api.get(f"/segments/{segment['id']}/changes"))["data"][0]
            self.assertEqual(since[name], entry["at"])

    def test_a_contact_that_is_in_none(self):
        self.segment()
        bob = self.contact("bob@x.io")
        self.assertEqual(self.ok(self.api.get(f"/contacts/{bob['id']}/segments")), {"data": []})

    def test_a_contact_that_is_not_there(self):
        self.refused(self.api.get(f"/contacts/{UNKNOWN}/segments"), 404, "CONTACT_NOT_FOUND")


class Sizes(ApiTest):
    def sizes(self, segment, query=""):
        return self.ok(self.api.get(f"/segments/{segment['id']}/sizes{query}"))["data"]

    def test_the_last_point_is_now(self):
        fixed = self.static(emails=["ada@x.io", "bob@x.io"])
        before = time.time() - 1
        last = self.sizes(fixed)[-1]
        self.assertEqual(last["count"], 2)
        at = datetime.datetime.fromisoformat(last["at"].replace("Z", "+00:00")).timestamp()
        self.assertTrue(before <= at <= time.time() + 1)

    def test_an_untracked_segment_has_one_point(self):
        self.contact("ada@x.io", {"plan": "pro"})
        points = self.sizes(self.segment())
        self.assertEqual([point["count"] for point in points], [1])

    def test_what_cannot_be_asked(self):
        made = self.static()
        for query in ("?days=0", "?days=367", "?days=x"):
            self.refused(self.api.get(f"/segments/{made['id']}/sizes{query}"), 400, "BAD_REQUEST")
        self.refused(self.api.get(f"/segments/{UNKNOWN}/sizes"), 404, "RESOURCE_NOT_FOUND")


class PastSizes(OwnServerTest):
    def test_every_midnight_has_its_size(self):
        """The history is moved into the past in the file, since no request can do that."""
        server = self.serve("--sweep", "0")
        client = self.client(server)
        made = client.post("/segments", {"name": "Beta", "type": "STATIC"}).json
        path = f"/segments/{made['id']}"
        emails = [f"c{i}@x.io" for i in range(4)]
        for email in emails:
            client.post(f"{path}/members", {"emails": [email], "createMissing": True})
        client.delete(f"{path}/members", {"emails": emails[:1]})
        self.assertEqual(server.stop(), 0)
        midnight = int(time.time() * 1000) // DAY_MS * DAY_MS
        # Created five days ago: two came before the next midnight, one at a midnight itself, one
        # yesterday, when another left.
        instants = [midnight - 5 * DAY_MS + 1, midnight - 4 * DAY_MS - 1, midnight - 3 * DAY_MS,
                    midnight - 1, midnight - 2]
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.execute("UPDATE segments SET created_at_ms = ?", [midnight - 5 * DAY_MS])
            for (key,), at_ms in zip(db.execute("SELECT key FROM changes ORDER BY key").fetchall(),
                                     instants, strict=True):
                db.execute("UPDATE changes SET at_ms = ? WHERE key = ?", [at_ms, key])
        server.start()
        client = self.client(server)

        def sizes(days):
            points = client.get(f"{path}/sizes?days={days}").json["data"]
            for point, back in zip(reversed(points[:-1]), range(days)):
                at = datetime.datetime.fromtimestamp((midnight - back * DAY_MS) / 1000,
                                                     datetime.timezone.utc)
                self.assertEqual(point["at"], at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
            return [point["count"] for point in points]

        self.assertEqual(sizes(30), [0, 2, 2, 3, 3, 3, 3])
        self.assertEqual(sizes(3), [3, 3, 3, 3])
        self.assertEqual(sizes(1), [3, 3])


class Usage(ApiTest):
    def test_segments_that_refer_to_it_are_listed(self):
        made = self.segment()
        users = [self.segment(name, condition(in_segment(made["id"], operator)))
                 for name, operator in (("One", "memberOfSegment"), ("Two", "notMemberOfSegment"))]
        self.segment("Three", condition(in_segment(users[0]["id"])))
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}/usage")), {
            "segments": [{"id": user["id"], "name": user["name"]} for user in reversed(users)],
            "campaigns": [], "webhooks": []})

    def test_a_segment_that_nobody_uses(self):
        self.assertEqual(self.ok(self.api.get(f"/segments/{self.segment()['id']}/usage")),
                         {"segments": [], "campaigns": [], "webhooks": []})

    def test_a_segment_that_is_not_there(self):
        self.refused(self.api.get(f"/segments/{UNKNOWN}/usage"), 404, "RESOURCE_NOT_FOUND")


if __name__ == "__main__":
    suite.main(__doc__)
