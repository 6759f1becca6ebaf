"""Everything of a project that the API shows, and what must hold of it.

The oracle (tests/oracle) says who belongs into a segment: one contact at a time, from the contacts
and events that the server itself shows. The entries and exits among the events say who was let in
and out. All three must agree.
"""

import sys
from pathlib import Path

from server import condition, in_segment

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "oracle"))
import oracle  # noqa: E402  (found by the path above)


def pages(client, path, rows, limit):
    """All rows of a list that goes by cursor."""
    cursor = ""
    while cursor is not None:
        page = client.get(f"{path}?limit={limit}{cursor}").json
        yield from page[rows]
        cursor = f"&cursor={page['cursor']}" if page["hasMore"] else None


def all_members(client, segment_id):
    """The ids of a segment's members."""
    ids = []
    while True:
        page = client.get(f"/segments/{segment_id}/contacts?pageSize=100"
                          f"&page={len(ids) // 100 + 1}").json
        ids += [row["id"] for row in page["data"]]
        if len(page["data"]) < 100:
            return ids


class State:
    """Read while nothing changes the project."""

    def __init__(self, client):
        self.client = client
        self.contacts = {row["id"]: row for row in pages(client, "/contacts", "data", 100)}
        self.events = list(pages(client, "/events", "events", 1000))[::-1]  # oldest first
        self.segments = {row["id"]: row for row in client.get("/segments").json}
        self.members = {id: all_members(client, id) for id in self.segments}
        self.expected = {}

    def table(self):
        """The contacts as the oracle has them. Email activities are not shown by any route."""
        table = {row["id"]: oracle.Contact(
            row["id"], row["email"], row["subscribed"], oracle.parse_instant(row["createdAt"]).ms,
            oracle.parse_instant(row["updatedAt"]).ms, row["data"])
            for row in self.contacts.values()}
        for event in self.events:
            times = table[event["contactId"]].events.setdefault(event["name"], [])
            times.append(oracle.parse_instant(event["createdAt"]).ms)
        return table

    def evaluate(self, now_ms):
        """Who belongs where, by the oracle; the members of static segments are taken as shown."""
        table = self.table()

        def members(segment_id):
            if segment_id not in self.expected:
                row = self.segments[segment_id]
                if row["type"] == "STATIC":
                    self.expected[segment_id] = set(self.members[segment_id])
                else:
                    parsed, errors = oracle.parse_condition(row["condition"])
                    assert not errors, errors
                    self.expected[segment_id] = {
                        contact.id for contact in table.values()
                        if oracle.evaluate(parsed, contact, now_ms, is_member)}
            return self.expected[segment_id]

        def is_member(segment_id, contact):
            return contact.id in members(segment_id)

        for segment_id in self.segments:
            members(segment_id)

    def check(self, test, now_ms):
        """Holds everything against everything. The last sweep must have seen the last change."""
        self.evaluate(now_ms)
        inside = self.follow(test)
        for segment_id, row in self.segments.items():
            with test.subTest(segment=row["name"]):
                expected = self.expected[segment_id]
                shown = self.members[segment_id]
                test.assertEqual(len(shown), len(set(shown)), "a member is listed twice")
                test.assertEqual(set(shown), expected)
                test.assertEqual(row["memberCount"], len(expected))
                if row["type"] == "DYNAMIC" and row["trackMembership"]:
                    test.assertEqual(inside.get(segment_id, set()), expected,
                                     "the entries and exits say otherwise")
                    self.check_stored(test, segment_id)

    def check_stored(self, test, segment_id):
        """The stored members: references look at them, and computing finds nothing to do."""
        count = len(self.expected[segment_id])
        preview = self.client.post("/segments/preview", {
            "condition": condition(in_segment(segment_id))}).json
        test.assertEqual(preview["count"], count)
        test.assertEqual(self.client.post(f"/segments/{segment_id}/compute").json,
                         {"added": 0, "removed": 0, "total": count})

    def follow(self, test):
        """Follows the entries and exits; returns who is inside after them, by segment."""
        inside = {}
        for event in self.events:
            if not event["name"].startswith("segment."):
                continue
            of = event["data"]["segmentId"]
            is_entry = event["name"].endswith(".entry")
            now_inside = inside.setdefault(of, set())
            test.assertEqual(event["contactId"] in now_inside, not is_entry,
                             f"twice in a row: {event}")
            if is_entry:
                now_inside.add(event["contactId"])
            else:
                test.assertTrue(event["name"].endswith(".exit"), event)
                now_inside.remove(event["contactId"])
        return inside
