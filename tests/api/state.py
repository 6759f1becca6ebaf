"""Everything of a project that the API shows, and what must hold of it.

The oracle (tests/oracle) says who belongs into a segment: one contact at a time, from the contacts
and events that the server itself shows. The entries and exits among the events say who was let in
and out, and so does the history of each segment. All of these must agree.
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
        self.history = {id: list(pages(client, f"/segments/{id}/changes", "data", 100))[::-1]
                        for id in self.segments}
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
        moves = self.moves()
        for segment_id, row in self.segments.items():
            with test.subTest(segment=row["name"]):
                expected = self.expected[segment_id]
                shown = self.members[segment_id]
                test.assertEqual(len(shown), len(set(shown)), "a member is listed twice")
                test.assertEqual(set(shown), expected)
                test.assertEqual(row["memberCount"], len(expected))
                self.check_moves(test, row, moves.get(segment_id, []))
                if row["type"] == "DYNAMIC" and row["trackMembership"]:
                    self.check_stored(test, segment_id)

    def check_stored(self, test, segment_id):
        """The stored members: references look at them, and computing finds nothing to do."""
        count = len(self.expected[segment_id])
        preview = self.client.post("/segments/preview", {
            "condition": condition(in_segment(segment_id))}).json
        test.assertEqual(preview["count"], count)
        test.assertEqual(self.client.post(f"/segments/{segment_id}/compute").json,
                         {"added": 0, "removed": 0, "total": count})

    def moves(self):
        """The entries and exits among the events: by segment, (type, when, contact)."""
        moves = {}
        for event in self.events:
            if event["name"].startswith("segment."):
                kind = event["name"].rpartition(".")[2]
                moves.setdefault(event["data"]["segmentId"], []).append(
                    (kind, event["createdAt"], event["contactId"]))
        return moves

    def check_moves(self, test, row, told):
        """Who is inside after the entries and exits, by the events and by the history."""
        history = [(change["type"], change["at"], change["contact"]["id"])
                   for change in self.history[row["id"]]]
        inside = follow(test, told)
        if row["type"] == "STATIC":
            test.assertEqual(told, [])
            test.assertEqual(follow(test, history), self.expected[row["id"]])
        elif row["trackMembership"]:
            test.assertEqual(inside, self.expected[row["id"]])
            test.assertEqual(follow(test, history), inside)
            # Of a contact that is gone the events are gone too.
            test.assertEqual(sorted(told), sorted(
                move for move in history if move[2] in self.contacts))


def follow(test, moves):
    """Follows entries and exits, oldest first; returns who is inside after them."""
    inside = set()
    for move in moves:
        kind, _, contact_id = move
        test.assertIn(kind, ("entry", "exit"))
        test.assertEqual(contact_id in inside, kind == "exit", f"twice in a row: {move}")
        if kind == "entry":
            inside.add(contact_id)
        else:
            inside.remove(contact_id)
    return inside
