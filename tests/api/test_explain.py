#!/usr/bin/python3
"""Explanations of one contact: verdicts, what was seen, and when they flip.

    test_explain.py PROGRAM [unittest options]

What a flip is to the millisecond is tested in tests/core/test_explain.c.
"""

import datetime

import suite
from suite import PRO, UNKNOWN, ApiTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment

HORIZON = "9999-12-31T23:59:59.999Z"


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Explain(ApiTest):
    def setUp(self):
        super().setUp()
        self.ada = self.contact("ada@x.io", {"plan": "pro"})

    def of_segment(self, segment, contact=None):
        return self.ok(self.api.get(
            f"/segments/{segment['id']}/contacts/{(contact or self.ada)['id']}/explain"))

    def of_condition(self, given, contact=None):
        return self.ok(self.api.post("/segments/explain", {
            "condition": given, "contactId": (contact or self.ada)["id"]}))

    def test_a_saved_and_an_unsaved_condition_are_explained_alike(self):
        seen = {"kind": "text", "value": "pro"}
        expected = {"matches": True, "flipsAt": None, "searchedUntil": HORIZON, "nodes": [
            {"path": "groups[0]", "matches": True, "flipsAt": None},
            {"path": "groups[0].filters[0]", "matches": True, "flipsAt": None, "seen": seen}]}
        self.assertEqual(self.of_segment(self.segment()), expected)
        self.assertEqual(self.of_condition(PRO), expected)

    def test_every_node_has_its_verdict(self):
        given = {"logic": "OR", "groups": [
            {"filters": [filter_of("data.plan", "equals", "free"),
                         filter_of("subscribed", "equals", False)]},
            {"filters": [filter_of("data.none", "notExists")]}]}
        nodes = self.of_condition(given)["nodes"]
        self.assertEqual([(node["path"], node["matches"]) for node in nodes], [
            ("groups[0]", False), ("groups[0].filters[0]", False), ("groups[0].filters[1]", True),
            ("groups[1]", True), ("groups[1].filters[0]", True)])
        self.assertEqual(nodes[4]["seen"], {"kind": "absent"})
        previewed = self.ok(self.api.post("/segments/preview", {"condition": given}))
        self.assertEqual([(node["path"], node["count"] == 1) for node in previewed["nodes"]],
                         [(node["path"], node["matches"]) for node in nodes])

    def test_an_event_says_when_it_will_have_been_too_long_ago(self):
        tracked = self.ok(self.api.post("/v1/track", {"event": "paid", "email": "ada@x.io"}))
        self.api.post("/v1/track", {"event": "paid", "email": "ada@x.io"})
        told = self.of_condition(condition(filter_of("event.paid", "triggeredWithin", 1, "days")))
        seen = told["nodes"][1]["seen"]
        self.assertEqual((seen["kind"], seen["count"]), ("occurrences", 2))
        self.assertGreaterEqual(instant(seen["last"]), instant(tracked["data"]["timestamp"]))
        self.assertEqual(instant(told["flipsAt"]) - instant(seen["last"]),
                         datetime.timedelta(days=1, milliseconds=1))

    def test_a_flip_of_a_segment_inside_shows_through(self):
        inner = self.segment("New", condition(filter_of("createdAt", "within", 2, "hours")))
        told = self.of_condition(condition(in_segment(inner["id"])))
        self.assertEqual(told["nodes"][1]["seen"], {"kind": "membership", "value": True})
        self.assertEqual(instant(told["flipsAt"]) - instant(self.ada["createdAt"]),
                         datetime.timedelta(hours=2, milliseconds=1))

    def test_a_static_segment_is_explained_as_membership(self):
        fixed = self.static(emails=["ada@x.io"])
        bob = self.contact("bob@x.io")
        for contact, is_member in ((self.ada, True), (bob, False)):
            told = self.of_segment(fixed, contact)
            self.assertIs(told["matches"], is_member)
            self.assertEqual(told["nodes"][1]["seen"], {"kind": "membership", "value": is_member})

    def test_a_tracked_segment_is_evaluated_anew(self):
        tracked = self.segment(given=condition(filter_of("createdAt", "within", 1, "days")),
                               trackMembership=True)
        self.assertEqual(self.ok(self.api.get(f"/segments/{tracked['id']}"))["memberCount"], 1)
        self.assertIs(self.of_segment(tracked)["matches"], True)

    def test_what_is_not_there(self):
        made = self.segment()
        self.refused(self.api.get(f"/segments/{UNKNOWN}/contacts/{self.ada['id']}/explain"), 404,
                     "RESOURCE_NOT_FOUND")
        self.refused(self.api.get(f"/segments/{made['id']}/contacts/{UNKNOWN}/explain"), 404,
                     "CONTACT_NOT_FOUND")
        self.refused(self.api.post("/segments/explain", {"condition": PRO, "contactId": UNKNOWN}),
                     404, "CONTACT_NOT_FOUND")

    def test_bodies_that_are_not_as_they_must_be(self):
        self.refused(self.api.post("/segments/explain", {"condition": PRO}), 400, "BAD_REQUEST",
                     "contactId")
        for given, field in (
                (None, "condition"), ({"logic": "AND", "groups": []}, "condition.groups"),
                (condition(in_segment(UNKNOWN)), "condition.groups[0].filters[0].field")):
            self.refused(self.api.post("/segments/explain", {
                "condition": given, "contactId": self.ada["id"]}), 400, "INVALID_CONDITION", field)

    def test_a_large_value_is_cut(self):
        self.ok(self.api.patch(f"/contacts/{self.ada['id']}", {"data": {"note": "é" * 5000}}))
        told = self.of_condition(condition(filter_of("data.note", "contains", "é")))
        self.assertEqual(told["nodes"][1]["seen"],
                         {"kind": "text", "value": "é" * 512, "isCut": True})


if __name__ == "__main__":
    suite.main(__doc__)
