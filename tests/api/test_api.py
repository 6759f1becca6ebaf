#!/usr/bin/python3
"""Tests of the HTTP API over a real socket, with a real server on a real file.

    test_api.py PROGRAM [unittest options]

The statuses and errors that each route promises are in the classes named after what they are
about; the statements of the concept page are in Concept, one test each. What conditions mean is the
corpus's business (tests/corpus).
"""

import datetime
import itertools
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from server import Client, Server, condition, filter_of, in_segment, is_equal, wait_until

PROGRAM = ""
PROJECTS = 130
UNKNOWN = "01900000-0000-7000-8000-000000000000"
PRO = is_equal("data.plan", "pro")

world = None


class World:
    """One server without a sweep, and a stock of empty projects: each test takes its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(PROGRAM, str(Path(self.folder.name) / "test.db"), "--sweep", "0",
                             "--rate", "0")
        self.projects = [self.server.create_project(f"Project {i}") for i in range(PROJECTS)]
        self.server.start()

    def close(self):
        status = self.server.stop()
        self.folder.cleanup()
        return status


def setUpModule():
    global world
    world = World()


def tearDownModule():
    status = world.close()
    if status != 0:
        raise AssertionError(f"the server ended with {status}")


class ApiTest(unittest.TestCase):
    def setUp(self):
        self.project = world.projects.pop()
        self.api = self.client(self.project["secretKey"])

    def client(self, key):
        made = Client(world.server.port, key)
        self.addCleanup(made.close)
        return made

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.text)
        return answer.json

    def refused(self, answer, status, code, field=None):
        """The envelope that every error has."""
        self.assertEqual(answer.status, status, answer.text)
        self.assertIs(answer.json["success"], False)
        self.assertRegex(answer.json["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        error = answer.error
        self.assertEqual((error["code"], error["statusCode"]), (code, status), answer.text)
        self.assertEqual(error["requestId"], answer.headers["X-Request-ID"])
        self.assertTrue(error["message"])
        if field is not None:
            self.assertIn(field, [problem["field"] for problem in error["errors"]], answer.text)
        return error

    def contact(self, email, data=None, **members):
        answer = self.api.post("/contacts", {"email": email, "data": data or {}, **members})
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def segment(self, name="Pro", given=PRO, **members):
        return self.ok(self.api.post("/segments", {"name": name, "condition": given, **members}),
                       201)

    def static(self, name="Beta", emails=(), create=True):
        made = self.ok(self.api.post("/segments", {"name": name, "type": "STATIC"}), 201)
        if emails:
            self.ok(self.api.post(f"/segments/{made['id']}/members",
                                  {"emails": list(emails), "createMissing": create}))
        return made

    def emails_of(self, segment):
        page = self.ok(self.api.get(f"/segments/{segment['id']}/contacts?pageSize=100"))
        return sorted(row["email"] for row in page["data"])

    def event_names(self):
        """Of all events, newest last, with the contact's address."""
        events = self.ok(self.api.get("/events?limit=1000"))["events"]
        return [(event["name"], event["contact"]["email"]) for event in reversed(events)]


class Operations(ApiTest):
    def test_health_needs_no_key(self):
        self.assertEqual(self.ok(self.client(None).get("/health")), {"status": "ok"})

    def test_ready_needs_no_key(self):
        self.assertEqual(self.ok(self.client(None).get("/ready")), {"status": "ready"})

    def test_metrics_are_prometheus_text(self):
        answer = self.client(None).get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        self.assertRegex(answer.text, r"(?m)^segmentry_projects \d+$")
        self.assertRegex(answer.text, r"(?m)^segmentry_contacts \d+$")


class Keys(ApiTest):
    ROUTES = [("GET", "/segments"), ("POST", "/segments"), ("POST", "/segments/preview"),
              ("GET", f"/segments/{UNKNOWN}"), ("PATCH", f"/segments/{UNKNOWN}"),
              ("DELETE", f"/segments/{UNKNOWN}"), ("GET", f"/segments/{UNKNOWN}/contacts"),
              ("POST", f"/segments/{UNKNOWN}/members"), ("DELETE", f"/segments/{UNKNOWN}/members"),
              ("POST", f"/segments/{UNKNOWN}/refresh"), ("POST", f"/segments/{UNKNOWN}/compute"),
              ("GET", "/contacts"), ("POST", "/contacts"), ("POST", "/contacts/lookup"),
              ("GET", "/contacts/fields"), ("GET", "/contacts/fields/data.plan/values"),
              ("GET", f"/contacts/{UNKNOWN}"), ("PATCH", f"/contacts/{UNKNOWN}"),
              ("DELETE", f"/contacts/{UNKNOWN}"), ("POST", "/v1/track/batch"),
              ("POST", "/v1/email-activity"), ("GET", "/events"), ("GET", "/events/names"),
              ("GET", "/events/stats"), ("GET", f"/events/contact/{UNKNOWN}")]

    def each_route(self, key, status, code):
        client = self.client(key)
        for method, path in self.ROUTES:
            with self.subTest(method=method, path=path):
                self.refused(client.send(method, path, None if method == "GET" else {}), status,
                             code)

    def test_no_key_is_missing_auth(self):
        self.each_route(None, 401, "MISSING_AUTH")

    def test_an_unknown_key_is_invalid(self):
        self.each_route("sk_" + "A" * 43, 401, "INVALID_API_KEY")

    def test_a_public_key_is_forbidden_everywhere_but_track(self):
        self.each_route(self.project["publicKey"], 403, "FORBIDDEN")
        public = self.client(self.project["publicKey"])
        self.ok(public.post("/v1/track", {"event": "seen", "email": "a@x.io"}))

    def test_a_cut_or_longer_key_is_invalid(self):
        key = self.project["secretKey"]
        for wrong in (key[:-1], key + "A", key[3:], key.lower() + "x"):
            self.refused(self.client(wrong).get("/segments"), 401, "INVALID_API_KEY")

    def test_secret_keys_are_not_in_the_database_nor_the_log(self):
        self.ok(self.api.get("/segments"))
        key = self.project["secretKey"].encode()
        for path in Path(world.folder.name).iterdir():
            self.assertNotIn(key, path.read_bytes())
        self.assertNotIn(self.project["secretKey"], "".join(world.server.lines))


class Requests(ApiTest):
    def test_an_unknown_path_is_404(self):
        self.refused(self.api.get("/nothing"), 404, "RESOURCE_NOT_FOUND")
        self.refused(self.api.get("/segments/"), 404, "RESOURCE_NOT_FOUND")

    def test_a_wrong_method_is_405_with_allow(self):
        answer = self.api.send("PUT", "/segments", {})
        self.refused(answer, 405, "METHOD_NOT_ALLOWED")
        self.assertEqual(set(answer.headers["Allow"].split(", ")), {"GET", "HEAD", "POST"})

    def test_a_body_that_is_not_json_says_where(self):
        for path in ("/segments", "/contacts", "/v1/track"):
            answer = self.api.send("POST", path, raw=b'{"name": \n oops}')
            error = self.refused(answer, 400, "INVALID_REQUEST_BODY")
            self.assertRegex(error["message"], "line 2")

    def test_another_media_type_is_415(self):
        answer = self.api.send("POST", "/contacts", raw=b"email=a",
                               headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_a_body_over_the_limit_is_413(self):
        body = {"email": "a@x.io", "data": {"x": "y" * 1100000}}
        self.refused(self.api.post("/contacts", body), 413, "PAYLOAD_TOO_LARGE")

    def test_orders_need_no_body(self):
        made = self.segment(trackMembership=True)
        for what in ("refresh", "compute"):
            self.ok(self.api.send("POST", f"/segments/{made['id']}/{what}"))

    def test_head_answers_as_get_without_the_body(self):
        answer = self.api.send("HEAD", "/segments")
        self.assertEqual((answer.status, answer.text), (200, ""))

    def test_bodies_that_are_no_objects(self):
        for raw in (b"[]", b"5", b"null", b'"x"'):
            self.refused(self.api.send("POST", "/segments", raw=raw), 400, "BAD_REQUEST")
            self.refused(self.api.send("POST", "/contacts", raw=raw), 422, "VALIDATION_ERROR")
            self.refused(self.api.send("POST", "/v1/track", raw=raw), 422, "VALIDATION_ERROR")

    def test_a_request_id_is_given_back(self):
        answer = self.api.send("GET", "/segments", headers={"X-Request-ID": "mine-1"})
        self.assertEqual(answer.headers["X-Request-ID"], "mine-1")

    def test_queries_out_of_range_are_400(self):
        for path in ("/contacts?limit=0", "/contacts?limit=101", "/contacts?limit=x",
                     "/contacts?cursor=x", "/events?limit=0", "/events?cursor=5",
                     "/events/stats?startDate=soon", "/contacts/fields/data.x/values?limit=0"):
            with self.subTest(path=path):
                self.refused(self.api.get(path), 400, "BAD_REQUEST")

    def test_control_characters_in_paths_are_400(self):
        for path in ("/segments/%00", "/segments/%0d%0a", "/contacts/a%00b"):
            self.refused(self.api.get(path), 400, "BAD_REQUEST")


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

    def test_without_contacts(self):
        answer = self.ok(self.api.post("/segments/preview", {"condition": PRO, "sample": 100}))
        self.assertEqual((answer["count"], answer["total"], answer["sample"]), (0, 0, []))


class Contacts(ApiTest):
    def test_a_new_one_is_201_and_an_old_one_200(self):
        first = self.api.post("/contacts", {"email": " Ada@X.io ", "data": {"plan": "pro"}})
        made = self.ok(first, 201)
        self.assertEqual(made["_meta"], {"isNew": True, "isUpdate": False})
        self.assertEqual((made["email"], made["subscribed"], made["data"]),
                         ("ada@x.io", False, {"plan": "pro"}))
        again = self.ok(self.api.post("/contacts", {"email": "ADA@x.io", "data": {"n": 1}}))
        self.assertEqual(again["_meta"], {"isNew": False, "isUpdate": True})
        self.assertEqual((again["id"], again["data"]), (made["id"], {"plan": "pro", "n": 1}))
        self.assertEqual(set(made) - {"_meta"},
                         {"id", "email", "subscribed", "data", "createdAt", "updatedAt"})

    def test_subscribed_that_is_left_out_stays(self):
        self.contact("a@x.io", subscribed=True)
        self.assertTrue(self.contact("a@x.io")["subscribed"])
        self.assertFalse(self.contact("a@x.io", subscribed=False)["subscribed"])

    def test_every_flip_is_tracked(self):
        made = self.contact("a@x.io", subscribed=True)
        self.ok(self.api.patch(f"/contacts/{made['id']}", {"subscribed": False}))
        self.ok(self.api.patch(f"/contacts/{made['id']}", {"subscribed": False}))
        self.contact("a@x.io", subscribed=True)
        self.assertEqual([name for name, _ in self.event_names()],
                         ["contact.unsubscribed", "contact.subscribed"])

    def test_data_is_merged_key_by_key(self):
        made = self.contact("a@x.io", {"plan": "pro", "city": "Ghent", "n": 1})
        changed = self.ok(self.api.patch(f"/contacts/{made['id']}", {"data": {
            "plan": None, "city": "", "n": 2, "once": {"value": 5, "persistent": False},
            "id": "x", "email": "z@x.io", "unsubscribeUrl": "u", "createdAt": "now"}}))
        self.assertEqual(changed["data"], {"city": "Ghent", "n": 2})
        self.assertEqual(changed["email"], "a@x.io")

    def test_numbers_keep_their_digits(self):
        body = b'{"email":"a@x.io","data":{"big":12345678901234567890,"price":1.50}}'
        answer = self.api.send("POST", "/contacts", raw=body)
        self.assertIn('"big":12345678901234567890', answer.text)
        self.assertIn('"price":1.50', self.api.get(f"/contacts/{answer.json['id']}").text)

    def test_get_patch_delete(self):
        made = self.contact("a@x.io")
        path = f"/contacts/{made['id']}"
        self.assertEqual(self.ok(self.api.get(path))["email"], "a@x.io")
        self.assertEqual(self.ok(self.api.patch(path, {"email": "B@x.io"}))["email"], "b@x.io")
        self.contact("taken@x.io")
        self.refused(self.api.patch(path, {"email": "taken@x.io"}), 409, "CONFLICT")
        self.assertEqual(self.api.delete(path).status, 204)
        for answer in (self.api.get(path), self.api.patch(path, {}), self.api.delete(path)):
            self.refused(answer, 404, "CONTACT_NOT_FOUND")

    def test_what_is_wrong_is_422(self):
        for body, field in (({}, "email"), ({"email": 5}, "email"), ({"email": "nope"}, "email"),
                            ({"email": "a@x.io", "subscribed": 1}, "subscribed"),
                            ({"email": "a@x.io", "data": []}, "data"),
                            ({"email": "a" * 320 + "@x.io"}, "email")):
            with self.subTest(body=body):
                self.refused(self.api.post("/contacts", body), 422, "VALIDATION_ERROR", field)
        made = self.contact("a@x.io")
        self.refused(self.api.patch(f"/contacts/{made['id']}", {"data": {"x": "y" * 70000}}), 422,
                     "VALIDATION_ERROR")
        self.refused(self.api.patch(f"/contacts/{made['id']}", {"email": "nope"}), 422,
                     "VALIDATION_ERROR", "email")

    def test_the_list_goes_by_cursor(self):
        for i in range(5):
            self.contact(f"c{i}@x.io")
        first = self.ok(self.api.get("/contacts?limit=2"))
        self.assertEqual(([row["email"] for row in first["data"]], first["hasMore"],
                          first["total"]), (["c4@x.io", "c3@x.io"], True, 5))
        second = self.ok(self.api.get(f"/contacts?limit=2&cursor={first['cursor']}"))
        self.assertNotIn("total", second)
        third = self.ok(self.api.get(f"/contacts?limit=2&cursor={second['cursor']}"))
        self.assertEqual(([row["email"] for row in third["data"]], third["hasMore"],
                          third["cursor"]), (["c0@x.io"], False, None))
        found = self.ok(self.api.get("/contacts?search=C3"))
        self.assertEqual((found["total"], found["data"][0]["email"]), (1, "c3@x.io"))

    def test_lookup_tells_which_exist(self):
        self.contact("a@x.io")
        answer = self.ok(self.api.post("/contacts/lookup", {"emails": ["A@x.io", "b@x.io", "no"]}))
        self.assertEqual(answer, {"found": ["A@x.io"], "notFound": ["b@x.io", "no"]})
        self.refused(self.api.post("/contacts/lookup", {"emails": ["a@x.io"] * 501}), 422,
                     "VALIDATION_ERROR", "emails")
        self.refused(self.api.post("/contacts/lookup", {}), 422, "VALIDATION_ERROR", "emails")

    def test_fields_and_values(self):
        self.contact("a@x.io", {"plan": "pro", "age": 30, "vip": True, "since": "2026-01-01"})
        self.contact("b@x.io", {"plan": "pro", "tags": ["x"]}, subscribed=True)
        self.contact("c@x.io", {"plan": "free"})
        fields = {row["field"]: row for row in self.ok(self.api.get("/contacts/fields"))["fields"]}
        self.assertEqual({name: fields[name]["type"] for name in fields},
                         {"email": "string", "subscribed": "boolean", "createdAt": "date",
                          "updatedAt": "date", "data.plan": "string", "data.age": "number",
                          "data.vip": "boolean", "data.since": "date", "data.tags": "array"})
        self.assertEqual((fields["data.plan"]["isCustom"], fields["email"]["isCustom"]),
                         (True, False))
        self.assertEqual((fields["data.plan"]["coverage"], fields["data.age"]["coverage"]),
                         (100, 33.3))
        plans = self.ok(self.api.get("/contacts/fields/data.plan/values"))
        self.assertEqual((plans["values"], plans["counts"]), (["pro", "free"], [2, 1]))
        one = self.ok(self.api.get("/contacts/fields/data.plan/values?limit=1"))
        self.assertEqual(one["values"], ["pro"])
        flags = self.ok(self.api.get("/contacts/fields/subscribed/values"))
        self.assertEqual((flags["values"], flags["counts"]), ([False, True], [2, 1]))
        self.assertEqual(self.ok(self.api.get("/contacts/fields/data.none/values"))["values"], [])
        self.refused(self.api.get("/contacts/fields/email/values"), 400, "BAD_REQUEST")


class Events(ApiTest):
    def test_track_creates_a_subscribed_contact(self):
        answer = self.ok(self.api.post("/v1/track", {"event": "signed_up", "email": "A@x.io",
                                                     "data": {"plan": "pro"}}))
        self.assertIs(answer["success"], True)
        self.assertEqual(set(answer["data"]), {"contact", "event", "timestamp"})
        made = self.ok(self.api.get(f"/contacts/{answer['data']['contact']}"))
        self.assertEqual((made["email"], made["subscribed"], made["data"]),
                         ("a@x.io", True, {"plan": "pro"}))

    def test_track_leaves_an_old_contact_as_subscribed_as_it_was(self):
        made = self.contact("a@x.io")
        self.ok(self.api.post("/v1/track", {"event": "seen", "email": "a@x.io"}))
        self.assertFalse(self.ok(self.api.get(f"/contacts/{made['id']}"))["subscribed"])

    def test_data_that_is_not_persistent_stays_with_the_event(self):
        data = {"total": 5, "order": {"value": "77", "persistent": False}}
        made = self.ok(self.api.post("/v1/track", {"event": "bought", "email": "a@x.io",
                                                   "data": data}))["data"]
        self.assertEqual(self.ok(self.api.get(f"/contacts/{made['contact']}"))["data"],
                         {"total": 5})
        event = self.ok(self.api.get("/events"))["events"][0]
        self.assertEqual((event["id"], event["name"], event["data"]),
                         (made["event"], "bought", data))

    def test_reserved_names_are_refused(self):
        for name in ("segment.vip.entry", "contact.subscribed", "email.opened"):
            self.refused(self.api.post("/v1/track", {"event": name, "email": "a@x.io"}), 422,
                         "VALIDATION_ERROR", "event")
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 0)

    def test_what_is_wrong_is_422(self):
        for body, field in (({"email": "a@x.io"}, "event"), ({"event": "a"}, "email"),
                            ({"event": 5, "email": "a@x.io"}, "event"),
                            ({"event": "", "email": "a@x.io"}, "event"),
                            ({"event": "x" * 251, "email": "a@x.io"}, "event"),
                            ({"event": "a", "email": "nope"}, "email"),
                            ({"event": "a", "email": "a@x.io", "data": "x"}, "data")):
            with self.subTest(body=body):
                self.refused(self.api.post("/v1/track", body), 422, "VALIDATION_ERROR", field)

    def test_track_answers_pages_of_other_origins_and_nothing_else_does(self):
        client = self.client(self.project["publicKey"])
        asked = client.send("OPTIONS", "/v1/track", headers={
            "Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual(asked.headers["Access-Control-Allow-Origin"], "*")
        answer = client.post("/v1/track", {"event": "a", "email": "a@x.io"})
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertIsNone(self.api.get("/segments").headers["Access-Control-Allow-Origin"])

    def test_a_batch_answers_one_result_per_item(self):
        answer = self.ok(self.api.post("/v1/track/batch", [
            {"event": "a", "email": "a@x.io", "data": {"t": ["]", {"x": "}\\\""}]}}, 5,
            {"event": "b", "email": "a@x.io", "timestamp": "2026-01-02T03:04:05Z"},
            {"event": "b", "email": "nope"}, {"event": "email.x", "email": "a@x.io"},
            {"event": "b", "email": "a@x.io", "timestamp": "2999-01-01"},
            {"event": "b", "email": "b@x.io", "timestamp": "soon"}]))["data"]
        self.assertEqual((answer["accepted"], answer["rejected"]), (2, 5))
        self.assertEqual([row["success"] for row in answer["results"]],
                         [True, False, True, False, False, False, False])
        self.assertEqual(answer["results"][2]["data"]["timestamp"], "2026-01-02T03:04:05.000Z")
        self.assertEqual({row["error"]["code"] for row in answer["results"] if not row["success"]},
                         {"VALIDATION_ERROR"})
        first = self.ok(self.api.get("/events?eventName=a"))["events"][0]
        self.assertEqual(first["data"], {"t": ["]", {"x": "}\\\""}]})

    def test_batches_that_are_wrong(self):
        for path in ("/v1/track/batch", "/v1/email-activity"):
            self.refused(self.api.post(path, {"a": 1}), 422, "VALIDATION_ERROR")
            self.refused(self.api.post(path, [1] * 1001), 422, "VALIDATION_ERROR")
            self.assertEqual(self.ok(self.api.post(path, []))["data"]["results"], [])

    def test_an_activity_counts_once_per_message(self):
        self.contact("a@x.io")
        opened = {"email": "a@x.io", "activity": "opened", "at": "2026-01-01", "messageId": "m1"}
        answer = self.ok(self.api.post("/v1/email-activity", [
            opened, opened, {**opened, "messageId": "m2"}, {**opened, "activity": "clicked"},
            {**opened, "email": "no@x.io"}, {**opened, "activity": "read"},
            {"email": "a@x.io", "activity": "opened"}]))["data"]
        self.assertEqual((answer["accepted"], answer["duplicates"], answer["rejected"]), (3, 1, 3))
        self.assertEqual(answer["results"][1], {"success": True, "duplicate": True})
        self.assertEqual(answer["results"][4]["error"]["code"], "CONTACT_NOT_FOUND")

    def test_events_are_listed_newest_first_by_cursor(self):
        for i in range(5):
            self.ok(self.api.post("/v1/track", {"event": f"e{i}", "email": "a@x.io"}))
        first = self.ok(self.api.get("/events?limit=3"))
        self.assertEqual([event["name"] for event in first["events"]], ["e4", "e3", "e2"])
        second = self.ok(self.api.get(f"/events?limit=3&cursor={first['cursor']}"))
        self.assertEqual(([event["name"] for event in second["events"]], second["hasMore"]),
                         (["e1", "e0"], False))
        self.assertEqual(len(self.ok(self.api.get("/events?eventName=e2"))["events"]), 1)
        self.assertEqual(self.ok(self.api.get("/events?eventName=none"))["events"], [])

    def test_names_and_stats(self):
        self.ok(self.api.post("/v1/track/batch", [
            {"event": "rare", "email": "a@x.io", "timestamp": "2026-01-01"},
            {"event": "often", "email": "a@x.io", "timestamp": "2026-02-01"},
            {"event": "often", "email": "b@x.io", "timestamp": "2026-03-01"}]))
        self.assertEqual(self.ok(self.api.get("/events/names")), {"eventNames": ["often", "rare"]})
        stats = self.ok(self.api.get("/events/stats"))
        self.assertEqual([(row["name"], row["count"]) for row in stats],
                         [("often", 2), ("rare", 1)])
        part = self.ok(self.api.get("/events/stats?startDate=2026-02-01&endDate=2026-02-15"))
        self.assertEqual([(row["name"], row["count"]) for row in part], [("often", 1)])

    def test_events_of_a_contact(self):
        made = self.contact("a@x.io")
        self.ok(self.api.post("/v1/track", {"event": "mine", "email": "a@x.io"}))
        self.ok(self.api.post("/v1/track", {"event": "other", "email": "b@x.io"}))
        events = self.ok(self.api.get(f"/events/contact/{made['id']}"))["events"]
        self.assertEqual([event["name"] for event in events], ["mine"])
        self.refused(self.api.get(f"/events/contact/{UNKNOWN}"), 404, "CONTACT_NOT_FOUND")


class Concept(ApiTest):
    """The statements of the page on segments, in its order."""

    def compute(self, segment):
        return self.ok(self.api.post(f"/segments/{segment['id']}/compute"))

    def test_dynamic_membership_is_computed_in_real_time(self):
        made = self.segment()
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(made), [])

    def test_static_membership_is_curated_by_hand(self):
        made = self.static(emails=["a@x.io"])
        self.contact("b@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_condition_is_required_on_dynamic(self):
        self.refused(self.api.post("/segments", {"name": "A"}), 400, "BAD_REQUEST", "condition")
        self.refused(self.api.post("/segments", {"name": "A", "type": "DYNAMIC",
                                                 "condition": None}), 400, "BAD_REQUEST")

    def test_condition_must_be_omitted_on_static(self):
        body = {"name": "A", "type": "STATIC", "condition": PRO}
        self.refused(self.api.post("/segments", body), 400, "BAD_REQUEST", "condition")

    def test_members_of_a_dynamic_segment_cannot_be_set(self):
        made = self.segment()
        body = {"emails": ["a@x.io"]}
        self.refused(self.api.post(f"/segments/{made['id']}/members", body), 400, "BAD_REQUEST")
        self.refused(self.api.delete(f"/segments/{made['id']}/members", body), 400, "BAD_REQUEST")

    def test_entry_and_exit_events_are_fired_only_when_tracked(self):
        self.segment("Quiet")
        self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io"),
                                              ("segment.loud.exit", "a@x.io")])

    def test_adding_and_removing_members_fires_no_events(self):
        made = self.static()
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        path = f"/segments/{made['id']}/members"
        self.ok(self.api.post(path, {"emails": ["a@x.io"], "createMissing": True}))
        self.ok(self.api.delete(path, {"emails": ["a@x.io"]}))
        self.assertEqual(self.event_names(), [])

    def test_membership_changes_by_hand_are_immediate(self):
        made = self.static(emails=["a@x.io"])
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}"))["memberCount"], 1)
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_updating_the_filter_recounts_at_once(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        self.contact("c@x.io", {"plan": "free"})
        made = self.segment()
        self.assertEqual(made["memberCount"], 1)
        changed = self.ok(self.api.patch(f"/segments/{made['id']}",
                                         {"condition": is_equal("data.plan", "free")}))
        self.assertEqual(changed["memberCount"], 2)

    def test_on_static_a_condition_is_silently_ignored_on_update(self):
        made = self.static(emails=["a@x.io"])
        changed = self.ok(self.api.patch(f"/segments/{made['id']}",
                                         {"condition": PRO, "name": "Renamed"}))
        self.assertEqual((changed["condition"], changed["name"]), (None, "Renamed"))
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_filters_on_everything_that_can_be_filtered_on(self):
        self.contact("a@x.io", {"plan": "pro"}, subscribed=True)
        self.contact("b@x.io", {"plan": "free"})
        self.ok(self.api.post("/v1/track", {"event": "bought", "email": "a@x.io"}))
        self.ok(self.api.post("/v1/email-activity", [
            {"email": "a@x.io", "activity": "opened", "at": "2026-01-01"}]))
        inner = self.static("Inner", ["a@x.io"])
        for used in (filter_of("email", "contains", "a@"), filter_of("subscribed", "equals", True),
                     filter_of("data.plan", "equals", "pro"),
                     filter_of("event.bought", "triggered"), filter_of("email.opened", "triggered"),
                     in_segment(inner['id'])):
            with self.subTest(used=used):
                answer = self.api.post("/segments/preview",
                                       {"condition": condition(used), "sample": 5})
                self.assertEqual([row["email"] for row in self.ok(answer)["sample"]], ["a@x.io"])
        dates = condition(filter_of("createdAt", "within", 1, "days"),
                          filter_of("updatedAt", "within", 1, "days"))
        self.assertEqual(self.ok(self.api.post("/segments/preview", {"condition": dates}))["count"],
                         2)

    def test_filters_are_combined_and_nested(self):
        self.contact("a@x.io", {"plan": "pro", "city": "Ghent"})
        self.contact("b@x.io", {"plan": "pro", "city": "Rome"})
        self.contact("c@x.io", {"plan": "free", "city": "Ghent"})
        nested = {"logic": "AND", "groups": [{
            "filters": [filter_of("data.plan", "equals", "pro")],
            "conditions": {"logic": "OR", "groups": [
                {"filters": [filter_of("data.city", "equals", "Ghent")]},
                {"filters": [filter_of("data.city", "equals", "Oslo")]}]}}]}
        self.assertEqual(self.emails_of(self.segment("Nested", nested)), ["a@x.io"])

    def test_missing_contacts_are_created_only_when_asked_and_start_subscribed(self):
        path = f"/segments/{self.static()['id']}/members"
        self.assertEqual(self.ok(self.api.post(path, {"emails": ["a@x.io"]}))["notFound"],
                         ["a@x.io"])
        self.assertEqual(self.ok(self.api.post(path, {"emails": ["a@x.io"],
                                                      "createMissing": True}))["created"], 1)
        self.ok(self.api.post(path, {"emails": ["b@x.io"], "createMissing": True,
                                     "subscribed": False}))
        rows = self.ok(self.api.get("/contacts"))["data"]
        self.assertEqual({row["email"]: row["subscribed"] for row in rows},
                         {"a@x.io": True, "b@x.io": False})

    def test_the_slug_is_derived_from_the_name(self):
        for name, slug in (("VIP Customers", "vip-customers"), ("Été  à -- Paris!", "ete-a-paris")):
            self.assertEqual(self.segment(name)["slug"], slug)

    def test_renaming_a_segment_changes_the_event_name(self):
        made = self.segment("First Name", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.ok(self.api.patch(f"/segments/{made['id']}", {"name": "Second Name"}))
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.first-name.entry", "segment.second-name.exit"])

    def test_an_event_says_which_segment(self):
        made = self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        event = self.ok(self.api.get("/events"))["events"][0]
        self.assertEqual(event["data"], {"segmentId": made["id"], "segmentName": "Loud"})

    def test_refresh_counts_without_events(self):
        self.contact("a@x.io", {"plan": "pro"})
        made = self.segment(trackMembership=True)
        self.assertEqual(self.ok(self.api.post(f"/segments/{made['id']}/refresh")),
                         {"memberCount": 1})
        self.assertEqual(self.event_names(), [])

    def test_refresh_counts_an_untracked_segment_anew(self):
        made = self.segment()
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.ok(self.api.post(f"/segments/{made['id']}/refresh")),
                         {"memberCount": 1})
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}"))["memberCount"], 1)

    def test_compute_fires_what_is_pending_once(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        made = self.segment("Loud", trackMembership=True)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})
        self.ok(self.api.patch(f"/segments/{made['id']}",
                               {"condition": is_equal("data.plan", "free")}))
        self.assertEqual(self.compute(made), {"added": 1, "removed": 1, "total": 1})
        self.assertEqual(sorted(self.event_names()), [
            ("segment.loud.entry", "a@x.io"), ("segment.loud.entry", "b@x.io"),
            ("segment.loud.exit", "a@x.io")])

    def test_compute_is_refused_when_not_tracked(self):
        for made in (self.segment(), self.static()):
            self.refused(self.api.post(f"/segments/{made['id']}/compute"), 400, "BAD_REQUEST")

    def test_compute_of_a_tracked_static_segment_changes_nothing(self):
        made = self.static(emails=["a@x.io"])
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})

    def test_tracking_can_be_switched_on_and_off(self):
        made = self.segment("Loud")
        self.contact("a@x.io", {"plan": "pro"})
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        self.assertEqual(self.compute(made)["added"], 1)
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": False}))
        self.contact("b@x.io", {"plan": "pro"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io")])

    def test_an_entry_event_can_be_filtered_on(self):
        self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        entered = condition(filter_of("event.segment.loud.entry", "triggered"))
        self.assertEqual(self.emails_of(self.segment("Entered", entered)), ["a@x.io"])

    def test_a_chain_of_segments_moves_in_one_go(self):
        first = self.segment("First", trackMembership=True)
        second = self.segment("Second", condition(in_segment(first['id'])),
                              trackMembership=True)
        third = self.segment("Third", condition(in_segment(second['id'])),
                             trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(third), ["a@x.io"])
        self.assertEqual(sorted(name for name, _ in self.event_names()),
                         ["segment.first.entry", "segment.second.entry", "segment.third.entry"])

    def test_untracked_segments_nest_too(self):
        inner = self.segment("Inner")
        outer = self.segment("Outer", condition(in_segment(inner['id'], "notMemberOfSegment")))
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(outer), ["b@x.io"])

    def test_dates_in_data_are_iso_8601_strings(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.contact("new@x.io", {"since": now.isoformat()})
        self.contact("old@x.io", {"since": (now - datetime.timedelta(days=9)).isoformat()})
        self.contact("unix@x.io", {"since": int(now.timestamp())})
        recent = condition(filter_of("data.since", "within", 7, "days"))
        self.assertEqual(self.emails_of(self.segment("Recent", recent)), ["new@x.io"])


class Together(ApiTest):
    """Many connections at once."""

    def test_writers_and_readers_never_see_half_a_change(self):
        made = self.segment(trackMembership=True)
        path = f"/segments/{made['id']}"
        done = threading.Event()
        wrong = []

        def write(number):
            client = Client(world.server.port, self.project["secretKey"])
            for i in range(20):
                answer = client.post("/v1/track", {"event": "bought", "data": {"plan": "pro"},
                                                   "email": f"c{number}-{i}@x.io"})
                if answer.status != 200:
                    wrong.append(answer.text)
            client.close()

        def read():
            client = Client(world.server.port, self.project["secretKey"])
            last = 0
            while not done.is_set():
                answer = client.post("/segments/preview", {"condition": PRO})
                count, total = answer.json["count"], answer.json["total"]
                if answer.status != 200 or count != total or count < last:
                    wrong.append(answer.text)
                last = count
            client.close()

        writers = [threading.Thread(target=write, args=(i,)) for i in range(32)]
        readers = [threading.Thread(target=read) for _ in range(4)]
        for thread in writers + readers:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in readers:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(self.ok(self.api.get(f"{path}/contacts"))["total"], 640)
        self.assertEqual(len(set(self.event_names())), 1000)
        self.assertEqual(self.ok(self.api.post(f"{path}/compute")),
                         {"added": 0, "removed": 0, "total": 640})
        self.assertEqual(self.ok(self.api.get(path))["memberCount"], 640)


class Tenants(ApiTest):
    """No project sees another one's anything."""

    def setUp(self):
        super().setUp()
        self.other = self.client(world.projects.pop()["secretKey"])

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


class Restarts(unittest.TestCase):
    """Servers of their own, that are stopped, killed, or swept."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.db = str(Path(folder.name) / "own.db")

    def serve(self, *options, **more):
        server = Server(PROGRAM, self.db, "--rate", "0", *options, **more)
        self.project = server.create_project("Own")
        server.start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def client(self, server):
        made = Client(server.port, self.project["secretKey"])
        self.addCleanup(made.close)
        return made

    def load(self, server, answered, until, numbers):
        """Writes until the server is gone, and keeps what was answered."""
        client = Client(server.port, self.project["secretKey"])
        try:
            while not until.is_set():
                email = f"c{next(numbers)}@x.io"
                answer = client.post("/v1/track", {"event": "bought", "email": email,
                                                   "data": {"plan": "pro"}})
                if answer.status == 200:
                    answered.append((email, answer.json["data"]))
        except Exception:  # the server was killed
            pass
        finally:
            client.close()

    def test_what_was_answered_is_there_after_kill_9(self):
        server = self.serve("--sweep", "200ms")
        client = self.client(server)
        made = client.post("/segments", {"name": "Pro", "condition": PRO,
                                         "trackMembership": True}).json
        answered = []
        numbers = itertools.count()
        for seconds in (0.2, 0.5, 0.3):
            until = threading.Event()
            threads = [threading.Thread(target=self.load, args=(server, answered, until, numbers))
                       for _ in range(8)]
            for thread in threads:
                thread.start()
            until.wait(seconds)
            server.kill()
            until.set()
            for thread in threads:
                thread.join()
            server.start()
        client = self.client(server)
        self.assertGreater(len(answered), 0)
        entries = {}
        cursor = ""
        while cursor is not None:
            page = client.get(f"/events?limit=1000{cursor}").json
            for event in page["events"]:
                key = (event["contact"]["email"], event["name"])
                entries[key] = entries.get(key, 0) + 1
            cursor = f"&cursor={page['cursor']}" if page["hasMore"] else None
        for email, data in answered:
            contact = client.get(f"/contacts/{data['contact']}").json
            self.assertEqual(contact["email"], email)
            self.assertEqual(entries.get((email, "bought")), 1)
            self.assertEqual(entries.get((email, "segment.pro.entry")), 1)
        self.assertEqual(set(entries.values()), {1})
        total = client.get("/contacts").json["total"]
        self.assertEqual(client.get(f"/segments/{made['id']}/contacts").json["total"], total)
        self.assertEqual(client.post(f"/segments/{made['id']}/compute").json,
                         {"added": 0, "removed": 0, "total": total})

    def test_sigterm_ends_in_order_and_everything_is_there_again(self):
        server = self.serve()
        client = self.client(server)
        fixed = client.post("/segments", {"name": "Beta", "type": "STATIC"}).json
        client.post(f"/segments/{fixed['id']}/members", {"emails": ["a@x.io"],
                                                         "createMissing": True})
        before = client.get("/segments").json[0]
        self.assertEqual(server.stop(), 0)
        server.start()
        client = self.client(server)
        after = client.get("/segments").json[0]
        self.assertEqual({**after, "memberCountAt": None}, {**before, "memberCountAt": None})
        page = client.get(f"/segments/{fixed['id']}/contacts").json
        self.assertEqual([row["email"] for row in page["data"]], ["a@x.io"])

    def test_contacts_leave_by_time_alone_through_a_chain(self):
        server = self.serve("--sweep", "200ms")
        client = self.client(server)
        first = client.post("/segments", {"name": "First", "trackMembership": True, "condition":
                            condition(filter_of("event.seen", "triggeredWithin", 1, "minutes"))})
        self.assertEqual(first.status, 201, first.text)
        ids = [first.json["id"]]
        for name in ("Second", "Third"):
            made = client.post("/segments", {"name": name, "trackMembership": True, "condition":
                               condition(in_segment(ids[-1]))})
            ids.append(made.json["id"])
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=58)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
        client.post("/v1/track/batch", [{"event": "seen", "email": "a@x.io", "timestamp": stamp}])
        names = [f"segment.{name}.{what}" for name in ("first", "second", "third")
                 for what in ("entry", "exit")]

        def moved():
            found = client.get("/events/names").json["eventNames"]
            return set(names) <= set(found)

        self.assertTrue(wait_until(moved))
        events = client.get("/events").json["events"]
        exits = {event["createdAt"] for event in events if event["name"].endswith(".exit")}
        self.assertEqual(len(exits), 1)
        self.assertEqual(len(events), 7)
        for made in ids:
            self.assertEqual(client.get(f"/segments/{made}/contacts").json["total"], 0)

    def test_a_project_that_asks_too_often_is_429_with_retry_after(self):
        server = self.serve("--rate", "5")
        client = self.client(server)
        for _ in range(5):
            self.assertEqual(client.get("/segments").status, 200)
        answer = client.get("/segments")
        self.assertEqual((answer.status, answer.error["code"]), (429, "RATE_LIMIT_EXCEEDED"))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(client.get("/health").status, 200)

    def test_variables_stand_in_for_options(self):
        server = Server(PROGRAM, self.db, environment={"SEGMENTRY_RATE": "1",
                                                       "SEGMENTRY_SWEEP": "1s"})
        self.project = server.create_project("Own")
        server.start()
        client = self.client(server)
        self.assertEqual([client.get("/segments").status for _ in range(2)], [200, 429])
        self.assertEqual(server.stop(), 0)


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, *arguments, status=0):
        done = subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_projects_are_created_and_listed(self):
        db = self.folder / "a.db"
        self.run_program("project", "create", "Shop", "--db", db, "--json")
        self.assertIn("sk_", self.run_program("project", "create", "Café", "--db", db).stdout)
        listed = self.run_program("project", "list", "--db", db).stdout
        self.assertNotIn("sk_", listed)
        self.assertEqual(len(listed.splitlines()), 2)
        self.assertIn("Café", listed)
        self.assertEqual(self.run_program("project", "list", "--db", db, "--json").stdout.count(
            '"publicKey":"pk_'), 2)

    def test_wrong_usage_is_64(self):
        for arguments in (["project"], ["project", "create"], ["project", "create", ""],
                          ["project", "create", "a\nb"], ["project", "list", "more"],
                          ["project", "drop", "x"], ["serve", "more"], ["serve", "--sweep", "x"],
                          ["serve", "--sweep", "10"], ["serve", "--rate", "-1"],
                          ["serve", "--rate", "5x"], ["serve", "--port", "1"]):
            with self.subTest(arguments=arguments):
                self.assertTrue(self.run_program(*arguments, status=64).stderr)

    def test_files_that_are_no_database(self):
        zeros = self.folder / "zeros.db"
        zeros.write_bytes(bytes(100000))
        text = self.folder / "text.db"
        text.write_text("not a database\n" * 1000)
        for path in (zeros, text):
            self.run_program("serve", "--db", path, "--listen", "127.0.0.1:0", status=65)
            self.run_program("project", "list", "--db", path, status=65)
        self.run_program("project", "list", "--db", self.folder / "none.db", status=66)
        self.run_program("serve", "--db", self.folder / "no" / "such.db", status=66)

    def test_an_address_that_cannot_be_had_is_69(self):
        db = self.folder / "a.db"
        for address in ("127.0.0.1:99999", "nowhere", f"127.0.0.1:{world.server.port}"):
            done = self.run_program("serve", "--db", db, "--listen", address, status=69)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop(1)
    unittest.main()
