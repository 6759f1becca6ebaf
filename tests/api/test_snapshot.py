#!/usr/bin/python3
"""Snapshots: what is in them, how they are packed, and when they are the same.

    test_snapshot.py PROGRAM [unittest options]

The variable SNAPSHOT_MEMBERS names the program that reads them.
"""

import gzip
import json
import os
import subprocess
import urllib.parse

import suite
from suite import PRO, UNKNOWN, ApiTest, OwnServerTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment

FIELD_NOT_LOADED = 8
PACKED = {"Accept-Encoding": "gzip"}


def path_of(*fields, **more):
    """As a client makes it: commas and backslashes of a name behind a backslash."""
    names = [name.replace("\\", "\\\\").replace(",", "\\,") for name in fields]
    return "/snapshot?" + urllib.parse.urlencode({"fields": ",".join(names), **more})


def read(snapshot, given):
    done = subprocess.run([os.environ["SNAPSHOT_MEMBERS"], json.dumps(given)], input=snapshot,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stdout.decode().split()


class Content(ApiTest):
    def setUp(self):
        super().setUp()
        self.ids = {}
        for name, data in (("ada", {"plan": "pro", "n": 1}), ("bob", {"plan": "free"}),
                           ("cyd", {"plan": "pro"})):
            self.ids[name] = self.contact(f"{name}@x.io", data, subscribed=name != "cyd")["id"]
        self.ok(self.api.post("/v1/track", {"event": "a, \\b", "email": "bob@x.io"}))
        self.ok(self.api.post("/v1/email-activity", [
            {"email": "cyd@x.io", "activity": "opened", "at": "2026-01-01"}]))

    def fetch(self, *fields, **more):
        answer = self.api.get(path_of(*fields, **more))
        self.assertEqual(answer.status, 200, answer.text)
        return answer.body

    def members(self, snapshot, given):
        status, ids = read(snapshot, given)
        self.assertEqual(status, 0)
        names = {contact: name for name, contact in self.ids.items()}
        return sorted(names[contact] for contact in ids)

    def test_each_kind_of_field_can_be_asked_of_it(self):
        fixed = self.static(emails=["ada@x.io", "bob@x.io"])
        tracked = self.segment(trackMembership=True)
        self.ok(self.api.post(f"/segments/{tracked['id']}/compute"))
        for given, expected in (
                (PRO, ["ada", "cyd"]),
                (condition(filter_of("data.n", "exists")), ["ada"]),
                (condition(filter_of("event.a, \\b", "triggered")), ["bob"]),
                (condition(filter_of("email.opened", "triggered")), ["cyd"]),
                (condition(filter_of("email", "contains", "b@")), ["bob"]),
                (condition(filter_of("subscribed", "equals", False)), ["cyd"]),
                (condition(filter_of("createdAt", "within", 1, "days")), ["ada", "bob", "cyd"]),
                (condition(in_segment(fixed["id"])), ["ada", "bob"]),
                (condition(in_segment(tracked["id"])), ["ada", "cyd"]),
                (condition(in_segment(tracked["id"], "notMemberOfSegment")), ["bob"]),
                (condition(filter_of("data.never", "notExists")), ["ada", "bob", "cyd"])):
            field = given["groups"][0]["filters"][0]["field"]
            with self.subTest(field=field):
                self.assertEqual(self.members(self.fetch(field), given), expected)

    def test_it_holds_the_chosen_fields_alone(self):
        snapshot = self.fetch("data.plan", "email.opened")
        self.assertEqual(read(snapshot, condition(filter_of("data.n", "exists"))),
                         (FIELD_NOT_LOADED, []))
        self.assertNotIn(b"ada@x.io", snapshot)
        self.assertNotIn(b"ada@x.io", gzip.decompress(
            self.api.send("GET", path_of("data.plan"), headers=PACKED).body))

    def test_an_untracked_segment_stands_for_the_fields_of_its_condition(self):
        inner = self.segment("Inner", condition(filter_of("data.n", "exists")))
        fixed = self.static(emails=["bob@x.io"])
        outer = self.segment("Outer", condition(in_segment(inner["id"]), in_segment(fixed["id"]),
                                                filter_of("data.plan", "exists")))
        snapshot = self.fetch(f"segment.{outer['id']}")
        self.assertEqual(self.members(snapshot, PRO), ["ada", "cyd"])
        self.assertEqual(self.members(snapshot, condition(filter_of("data.n", "exists"))), ["ada"])
        self.assertEqual(self.members(snapshot, condition(in_segment(fixed["id"]))), ["bob"])
        self.assertEqual(read(snapshot, condition(filter_of("subscribed", "equals", True)))[0],
                         FIELD_NOT_LOADED)

    def test_headers_say_how_much_there_is(self):
        answer = self.api.get(path_of("data.plan"))
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(answer.headers["Segmentry-Contacts"], "3")
        self.assertEqual(answer.headers["Segmentry-Complete"], "true")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_gzip_for_those_who_take_it(self):
        plain = self.api.get(path_of("data.plan"))
        packed = self.api.send("GET", path_of("data.plan"), headers=PACKED)
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        for answer in (plain, packed):
            self.assertEqual(answer.headers["Vary"], "Accept-Encoding")
        self.assertNotEqual(plain.headers["ETag"], packed.headers["ETag"])

    def test_more_contacts_than_the_limit_are_a_409_with_the_numbers(self):
        self.assertEqual(self.api.get(path_of("data.plan", limit=3)).status, 200)
        answer = self.api.get(path_of("data.plan", limit=2))
        error = self.refused(answer, 409, "CONFLICT")
        self.assertIn("3 contacts", error["message"])
        self.assertIn("preview", error["suggestion"])
        self.assertEqual(answer.headers["Segmentry-Contacts"], "3")
        self.assertEqual(answer.headers["Segmentry-Complete"], "false")

    def test_what_cannot_be_chosen_is_refused(self):
        for path in ("/snapshot", "/snapshot?fields=", "/snapshot?fields=data.a,,data.b",
                     "/snapshot?fields=data.a%5C", "/snapshot?fields=data.a&limit=0",
                     "/snapshot?fields=data.a&limit=250001", path_of("plan"), path_of("email.x"),
                     "/snapshot?fields=" + "data.a," * 2000):
            with self.subTest(path=path[:60]):
                self.refused(self.api.get(path), 400, "BAD_REQUEST")
        self.refused(self.api.get(path_of(f"segment.{UNKNOWN}")), 404, "RESOURCE_NOT_FOUND")


class Tags(ApiTest):
    def tag(self, *fields, client=None):
        answer = (client or self.api).get(path_of(*(fields or ("data.plan",))))
        self.assertEqual(answer.status, 200, answer.text)
        return answer.headers["ETag"]

    def test_a_client_who_has_it_gets_304(self):
        self.contact("ada@x.io", {"plan": "pro"})
        for headers in ({}, PACKED):
            tag = self.api.send("GET", path_of("data.plan"), headers=headers).headers["ETag"]
            answer = self.api.send("GET", path_of("data.plan"),
                                   headers={**headers, "If-None-Match": f'"x", {tag}'})
            self.assertEqual((answer.status, answer.body), (304, b""))
            self.assertEqual(answer.headers["ETag"], tag)
        self.assertEqual(self.api.send("GET", path_of("data.plan"),
                                       headers={"If-None-Match": '"x"'}).status, 200)

    def test_every_change_of_the_answer_changes_it(self):
        made = self.contact("ada@x.io", {"plan": "pro"})
        fixed = self.static()
        inner = self.segment()
        fields = ("data.plan", "event.e", "email.opened", f"segment.{fixed['id']}",
                  f"segment.{inner['id']}")
        seen = [self.tag(*fields)]
        for change in (
                lambda: self.api.patch(f"/contacts/{made['id']}", {"data": {"plan": "free"}}),
                lambda: self.api.post("/v1/track", {"event": "e", "email": "ada@x.io"}),
                lambda: self.api.post("/v1/email-activity", [
                    {"email": "ada@x.io", "activity": "opened", "at": "2026-01-01"}]),
                lambda: self.api.post(f"/segments/{fixed['id']}/members",
                                      {"emails": ["ada@x.io"]}),
                lambda: self.api.post("/contacts", {"email": "bob@x.io"}),
                lambda: self.api.patch(f"/segments/{inner['id']}",
                                       {"condition": condition(filter_of("data.n", "exists"))}),
                lambda: self.api.patch(f"/segments/{inner['id']}", {"trackMembership": True}),
                lambda: self.api.delete(f"/contacts/{made['id']}")):
            self.assertLess(change().status, 300)
            seen.append(self.tag(*fields))
            self.assertEqual(self.tag(*fields), seen[-1])
        self.assertEqual(len(set(seen)), len(seen), seen)

    def test_other_fields_and_other_projects_have_others(self):
        other = self.client(suite.world.projects.pop()["secretKey"])
        tags = [self.tag("data.plan"), self.tag("data.n"), self.tag("data.plan", "data.n"),
                self.tag("data.plan", client=other)]
        self.assertEqual(len(set(tags)), len(tags), tags)


class Restarts(OwnServerTest):
    def test_another_run_has_other_tags(self):
        server = self.serve()
        tag = self.client(server).get(path_of("data.plan")).headers["ETag"]
        self.assertEqual(server.stop(), 0)
        server.start()
        answer = self.client(server).send("GET", path_of("data.plan"),
                                          headers={"If-None-Match": tag})
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer.headers["ETag"], tag)


if __name__ == "__main__":
    suite.main(__doc__)
