#!/usr/bin/python3
"""The routes of segments, their members, and previews.

    test_segments.py PROGRAM [--short] [unittest options]
"""

import suite
from suite import PRO, UNKNOWN, ApiTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment, is_equal


class Segments(ApiTest):
    def test_a_segment_has_every_member(self):
        self.contact("a@x.io", {"plan": "pro"})
        made = self.segment("Pro Users", description="They pay")
        self.assertEqual(set(made), {"id", "name", "slug", "description", "type", "condition",
                                     "trackMembership", "memberCount", "memberCountAt",
                                     "projectId", "createdAt", "updatedAt"})
        self.assertEqual((made["name"], made["slug"], made["description"], made["type"]),
                         ("Pro Users", "pro-users", "They pay", "DYNAMIC"))
        self.assertEqual((made["condition"], made["trackMembership"], made["memberCount"]),
                         (PRO, False, 1))
        self.assertEqual(made["projectId"], self.project["id"])
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}")), made)

    def test_the_list_is_an_array_newest_first(self):
        self.assertEqual(self.ok(self.api.get("/segments")), [])
        names = ["One", "Two", "Three"]
        for name in names:
            self.segment(name)
        listed = [row["name"] for row in self.ok(self.api.get("/segments"))]
        self.assertEqual(listed, names[::-1])

    def test_creation_refuses_what_is_wrong(self):
        for body, field in (({"condition": PRO}, "name"), ({"name": 5, "condition": PRO}, "name"),
                            ({"name": "A", "type": "OTHER", "condition": PRO}, "type"),
                            ({"name": "A", "condition": PRO, "trackMembership": "yes"},
                             "trackMembership"),
                            ({"name": "A", "condition": PRO, "description": 1}, "description")):
            with self.subTest(body=body):
                self.refused(self.api.post("/segments", body), 400, "BAD_REQUEST", field)
        self.assertEqual(self.ok(self.api.get("/segments")), [])

    def test_an_invalid_condition_names_every_place(self):
        bad = {"logic": "AND", "groups": [
            {"filters": [filter_of("data.plan", "equals", "pro")]},
            {"filters": [filter_of("data.plan", "nope", "x"), filter_of("email", "within", 1)]}]}
        error = self.refused(self.api.post("/segments", {"name": "A", "condition": bad}), 400,
                             "INVALID_CONDITION", "condition.groups[1].filters[0].operator")
        self.assertGreater(len(error["errors"]), 1)
        self.refused(self.api.post("/segments", {"name": "A", "condition": 5}), 400,
                     "INVALID_CONDITION", "condition")

    def test_a_taken_name_is_a_conflict(self):
        self.segment("VIP Customers")
        self.refused(self.api.post("/segments", {"name": "vip  customers!", "condition": PRO}), 409,
                     "CONFLICT")

    def test_a_change_keeps_what_it_does_not_name(self):
        made = self.segment("Old", description="Text")
        changed = self.ok(self.api.patch(f"/segments/{made['id']}", {"name": "New"}))
        self.assertEqual((changed["name"], changed["slug"], changed["description"]),
                         ("New", "new", "Text"))
        self.assertEqual(changed["condition"], PRO)
        cleared = self.ok(self.api.patch(f"/segments/{made['id']}", {"description": None}))
        self.assertIsNone(cleared["description"])
        self.refused(self.api.patch(f"/segments/{made['id']}", {"name": 5}), 400, "BAD_REQUEST",
                     "name")
        self.refused(self.api.patch(f"/segments/{made['id']}", {"condition": {"logic": "XOR"}}),
                     400, "INVALID_CONDITION")

    def test_unknown_ids_are_404(self):
        for method, path, body in (
                ("GET", "", None), ("PATCH", "", {"name": "A"}), ("DELETE", "", None),
                ("GET", "/contacts", None), ("POST", "/members", {"emails": []}),
                ("DELETE", "/members", {"emails": []}), ("POST", "/refresh", {}),
                ("POST", "/compute", {})):
            with self.subTest(method=method, path=path):
                self.refused(self.api.send(method, f"/segments/{UNKNOWN}{path}", body), 404,
                             "RESOURCE_NOT_FOUND")

    def test_deletion_is_204_and_then_404(self):
        made = self.segment()
        answer = self.api.delete(f"/segments/{made['id']}")
        self.assertEqual((answer.status, answer.text), (204, ""))
        self.refused(self.api.get(f"/segments/{made['id']}"), 404, "RESOURCE_NOT_FOUND")

    def test_deletion_of_a_segment_that_another_refers_to_is_409_and_lists_it(self):
        inner = self.segment("Inner")
        outer = self.segment("Outer", condition(in_segment(inner['id'])))
        error = self.refused(self.api.delete(f"/segments/{inner['id']}"), 409, "CONFLICT")
        self.assertIn("Outer", error["message"])
        self.assertEqual(self.api.delete(f"/segments/{outer['id']}").status, 204)
        self.assertEqual(self.api.delete(f"/segments/{inner['id']}").status, 204)

    def test_a_condition_that_leads_back_to_itself_is_refused(self):
        first = self.segment("First")
        second = self.segment("Second", condition(in_segment(first['id'])))
        body = {"condition": condition(in_segment(second['id']))}
        error = self.refused(self.api.patch(f"/segments/{first['id']}", body), 400,
                             "INVALID_CONDITION", "condition.groups[0].filters[0].field")
        self.assertEqual(error["errors"][0]["code"], "segment_cycle")

    def test_names_of_any_characters(self):
        self.contact("a@x.io", {"plan": "pro"})
        for name in ("\x01" * 198 + "ab", '"' * 190 + "quoted", "back\\slash </script>", "\U0001f680 go"):
            made = self.segment(name, trackMembership=True)
            self.ok(self.api.post(f"/segments/{made['id']}/compute"))
            event = self.ok(self.api.get("/events?limit=1"))["events"][0]
            self.assertEqual(event["data"], {"segmentId": made["id"], "segmentName": name})
        self.refused(self.api.post("/segments", {"name": "a" * 201, "condition": PRO}), 400,
                     "BAD_REQUEST", "name")
        self.refused(self.api.post("/segments", {"name": "!?", "condition": PRO}), 400,
                     "BAD_REQUEST", "name")

    def test_contacts_come_in_pages_newest_first(self):
        made = self.segment()
        for i in range(25):
            self.contact(f"c{i:02}@x.io", {"plan": "pro"})
        self.contact("free@x.io", {"plan": "free"})
        path = f"/segments/{made['id']}/contacts"
        first = self.ok(self.api.get(path))
        self.assertEqual((first["total"], first["page"], first["pageSize"], first["totalPages"]),
                         (25, 1, 20, 2))
        self.assertEqual([row["email"] for row in first["data"]],
                         [f"c{i:02}@x.io" for i in range(24, 4, -1)])
        second = self.ok(self.api.get(path + "?page=2"))
        self.assertEqual([row["email"] for row in second["data"]],
                         [f"c{i:02}@x.io" for i in range(4, -1, -1)])
        self.assertEqual(self.ok(self.api.get(path + "?page=2147483647"))["data"], [])
        self.assertEqual(self.ok(self.api.get(path + "?pageSize=100&search=C1"))["total"], 10)
        for query in ("page=0", "pageSize=0", "pageSize=101", "page=x"):
            self.refused(self.api.get(f"{path}?{query}"), 400, "BAD_REQUEST")

    def test_an_empty_segment_has_no_pages(self):
        page = self.ok(self.api.get(f"/segments/{self.segment()['id']}/contacts"))
        self.assertEqual((page["data"], page["total"], page["totalPages"]), ([], 0, 0))


class Members(ApiTest):
    def test_added_counts_those_who_were_not_members(self):
        self.contact("a@x.io")
        path = f"/segments/{self.static()['id']}/members"
        first = self.ok(self.api.post(path, {"emails": ["a@x.io", "A@X.io", " a@x.io "]}))
        self.assertEqual(first, {"added": 1, "created": 0, "notFound": [], "invalid": []})
        again = self.ok(self.api.post(path, {"emails": ["a@x.io"]}))
        self.assertEqual(again["added"], 0)

    def test_unknown_addresses_are_named_once(self):
        made = self.static()
        body = {"emails": ["no@x.io", "NO@x.io", "other@x.io"]}
        answer = self.ok(self.api.post(f"/segments/{made['id']}/members", body))
        self.assertEqual(answer, {"added": 0, "created": 0, "notFound": ["no@x.io", "other@x.io"],
                                  "invalid": []})

    def test_an_invalid_address_is_never_created(self):
        made = self.static()
        body = {"emails": ["nope", "", "a@b@c", "ok@x.io"], "createMissing": True}
        answer = self.ok(self.api.post(f"/segments/{made['id']}/members", body))
        self.assertEqual((answer["added"], answer["created"], answer["invalid"]),
                         (1, 1, ["nope", "", "a@b@c"]))
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 1)

    def test_removed_counts_members_that_left(self):
        made = self.static(emails=["a@x.io", "b@x.io"])
        body = {"emails": ["A@x.io", "nobody@x.io", "a@x.io", "nope"]}
        self.assertEqual(self.ok(self.api.delete(f"/segments/{made['id']}/members", body)),
                         {"removed": 1})
        self.assertEqual(self.emails_of(made), ["b@x.io"])

    def test_bodies_that_are_wrong(self):
        path = f"/segments/{self.static()['id']}/members"
        for body, field in (({}, "emails"), ({"emails": "a@x.io"}, "emails"),
                            ({"emails": ["a@x.io", 5]}, "emails[1]"),
                            ({"emails": ["a@x.io"] * 10001}, "emails")):
            self.refused(self.api.post(path, body), 400, "BAD_REQUEST", field)
            self.refused(self.api.delete(path, body), 400, "BAD_REQUEST", field)
        self.refused(self.api.post(path, {"emails": [], "createMissing": 1}), 400, "BAD_REQUEST",
                     "createMissing")

    def test_ten_thousand_at_once(self):
        made = self.static()
        emails = [f"contact-number-{i:05}@example.com" for i in range(10000)]
        answer = self.ok(self.api.post(f"/segments/{made['id']}/members",
                                       {"emails": emails, "createMissing": True}))
        self.assertEqual((answer["added"], answer["created"]), (10000, 10000))
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}"))["memberCount"], 10000)
        last = self.ok(self.api.get(f"/segments/{made['id']}/contacts?page=100&pageSize=100"))
        self.assertEqual(last["data"][-1]["email"], emails[0])
        self.assertEqual(len(last["data"]), 100)


class Preview(ApiTest):
    def test_nothing_is_saved_and_everything_is_counted(self):
        self.contact("a@x.io", {"plan": "pro"}, subscribed=True)
        self.contact("b@x.io", {"plan": "pro"})
        self.contact("c@x.io", {"plan": "free"})
        answer = self.ok(self.api.post("/segments/preview", {"condition": PRO, "sample": 1}))
        self.assertEqual((answer["count"], answer["subscribed"], answer["total"]), (2, 1, 3))
        self.assertEqual([row["email"] for row in answer["sample"]], ["b@x.io"])
        self.assertEqual(answer["nodes"], [{"path": "groups[0]", "count": 2},
                                           {"path": "groups[0].filters[0]", "count": 2}])
        self.assertNotIn("changes", answer)
        self.assertEqual(self.ok(self.api.get("/segments")), [])

    def test_with_a_segment_it_tells_what_saving_would_do(self):
        for name, plan in (("a", "pro"), ("b", "free"), ("c", "free")):
            self.contact(f"{name}@x.io", {"plan": plan})
        made = self.segment()
        body = {"condition": is_equal("data.plan", "free"), "segmentId": made["id"], "sample": 1}
        changes = self.ok(self.api.post("/segments/preview", body))["changes"]
        self.assertEqual((changes["entering"], changes["leaving"]), (2, 1))
        self.assertEqual([row["email"] for row in changes["enteringSample"]], ["c@x.io"])
        self.assertEqual([row["email"] for row in changes["leavingSample"]], ["a@x.io"])
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_what_is_wrong(self):
        self.refused(self.api.post("/segments/preview", {}), 400, "INVALID_CONDITION", "condition")
        self.refused(self.api.post("/segments/preview", {"condition": PRO, "sample": 101}), 400,
                     "BAD_REQUEST", "sample")
        self.refused(self.api.post("/segments/preview", {"condition": PRO, "segmentId": UNKNOWN}),
                     404, "RESOURCE_NOT_FOUND")
        self.refused(self.api.post("/segments/preview", {"condition": condition(
            in_segment(UNKNOWN))}), 400, "INVALID_CONDITION",
            "condition.groups[0].filters[0].field")
        made = self.static()
        self.refused(self.api.post("/segments/preview",
                                   {"condition": PRO, "segmentId": made["id"]}), 400, "BAD_REQUEST")

    def test_hundreds_of_texts_at_once(self):
        people = [(f"{name}{i}@x.io", f"{name.upper()} {i}") for i in range(40)
                  for name in ("ann", "bea")]
        for email, note in people:
            self.contact(email, {"note": note})
        parts = [f"{name} {i}" for i in range(100) for name in ("ann", "Bea", "cy")]
        filters = [filter_of("data.note", "contains", part) for part in parts]
        filters += [filter_of("email", "notContains", part.replace(" ", "")) for part in parts]
        answer = self.ok(self.api.post("/segments/preview", {"condition": {
            "logic": "OR", "groups": [{"filters": [one]} for one in filters]}}))
        expected = [sum(part.lower() in note.lower() for _, note in people) for part in parts]
        expected += [sum(part.replace(" ", "").lower() not in email for email, _ in people)
                     for part in parts]
        self.assertEqual([node["count"] for node in answer["nodes"]],
                         [count for count in expected for _ in ("group", "filter")])
        self.assertEqual(answer["count"], len(people))
        made = self.segment("Texts", {"logic": "OR",
                                      "groups": [{"filters": [one]} for one in filters[:300]]})
        self.assertEqual(made["memberCount"], len(people))

    def test_without_contacts(self):
        answer = self.ok(self.api.post("/segments/preview", {"condition": PRO, "sample": 100}))
        self.assertEqual((answer["count"], answer["total"], answer["sample"]), (0, 0, []))


if __name__ == "__main__":
    suite.main(__doc__)
