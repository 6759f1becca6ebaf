#!/usr/bin/python3
"""No project sees another one's anything.

    test_tenants.py PROGRAM [--short] [unittest options]
"""

import suite
from suite import PRO, ApiTest, setUpModule, tearDownModule
from server import condition, in_segment


class Tenants(ApiTest):
    """No project sees another one's anything."""

    def setUp(self):
        super().setUp()
        self.other = self.client(suite.world.projects.pop()["secretKey"])

    def test_ids_of_another_project_are_404_everywhere(self):
        made = self.segment()
        fixed = self.static(emails=["a@x.io"])
        contact = self.contact("a@x.io")
        for method, path, body, code in (
                ("GET", f"/segments/{made['id']}", None, "RESOURCE_NOT_FOUND"),
                ("PATCH", f"/segments/{made['id']}", {"name": "Mine"}, "RESOURCE_NOT_FOUND"),
                ("DELETE", f"/segments/{made['id']}", None, "RESOURCE_NOT_FOUND"),
                ("GET", f"/segments/{made['id']}/contacts", None, "RESOURCE_NOT_FOUND"),
                ("POST", f"/segments/{fixed['id']}/members",
                 {"emails": ["z@x.io"], "createMissing": True}, "RESOURCE_NOT_FOUND"),
                ("DELETE", f"/segments/{fixed['id']}/members", {"emails": ["a@x.io"]},
                 "RESOURCE_NOT_FOUND"),
                ("POST", f"/segments/{made['id']}/refresh", {}, "RESOURCE_NOT_FOUND"),
                ("POST", f"/segments/{made['id']}/compute", {}, "RESOURCE_NOT_FOUND"),
                ("POST", "/segments/preview", {"condition": PRO, "segmentId": made["id"]},
                 "RESOURCE_NOT_FOUND"),
                ("GET", f"/contacts/{contact['id']}", None, "CONTACT_NOT_FOUND"),
                ("PATCH", f"/contacts/{contact['id']}", {"subscribed": True}, "CONTACT_NOT_FOUND"),
                ("DELETE", f"/contacts/{contact['id']}", None, "CONTACT_NOT_FOUND"),
                ("GET", f"/events/contact/{contact['id']}", None, "CONTACT_NOT_FOUND")):
            with self.subTest(method=method, path=path):
                self.refused(self.other.send(method, path, body), 404, code)
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}")), made)
        self.assertEqual(self.emails_of(fixed), ["a@x.io"])

    def test_a_segment_of_another_project_is_unknown_in_a_filter(self):
        made = self.segment()
        body = {"name": "Mine", "condition": condition(in_segment(made['id']))}
        error = self.refused(self.other.post("/segments", body), 400, "INVALID_CONDITION")
        self.assertEqual(error["errors"][0]["code"], "unknown_segment")

    def test_lists_show_only_ones_own(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.segment()
        self.ok(self.api.post("/v1/track", {"event": "mine", "email": "a@x.io"}))
        self.assertEqual(self.ok(self.other.get("/segments")), [])
        self.assertEqual(self.ok(self.other.get("/contacts"))["total"], 0)
        self.assertEqual(self.ok(self.other.get("/events"))["events"], [])
        self.assertEqual(self.ok(self.other.get("/events/names"))["eventNames"], [])
        self.assertEqual(self.ok(self.other.get("/contacts/fields"))["count"], 4)
        self.assertEqual(self.ok(self.other.get("/contacts/fields/data.plan/values"))["values"], [])
        found = self.ok(self.other.post("/contacts/lookup", {"emails": ["a@x.io"]}))
        self.assertEqual(found["found"], [])

    def test_both_may_have_the_same_names_and_addresses(self):
        self.contact("a@x.io")
        self.segment("Same")
        self.ok(self.other.post("/contacts", {"email": "a@x.io"}), 201)
        self.ok(self.other.post("/segments", {"name": "Same", "condition": PRO}), 201)


if __name__ == "__main__":
    suite.main(__doc__)
