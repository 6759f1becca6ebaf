#!/usr/bin/python3
"""Campaigns: what they say, whom they reach, and that the list of a sent one stays as it was.

    test_campaigns.py PROGRAM [unittest options]
"""

import csv
import datetime
import http.client
import io
import json
import socket
import threading
import time

import suite
from suite import PRO, UNKNOWN, ApiTest, OwnServerTest, setUpModule, tearDownModule
from server import Client, condition, filter_of, in_segment, is_equal, wait_until

TEXTS = {"name": "May news", "subject": "What is new", "body": "<p>Hello</p>",
         "from": "news@example.com"}
LIST_PIECE = 50000  # recipients that one transaction of a send writes


def draft(**members):
    return {**TEXTS, "audienceType": "ALL", **members}


def instant(seconds_ahead):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_ahead)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def lines_of(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


class CampaignTest(ApiTest):
    def campaign(self, **members):
        return self.ok(self.api.post("/campaigns", draft(**members)), 201)["data"]

    def path(self, campaign, rest=""):
        return f"/campaigns/{campaign['id']}{rest}"

    def send(self, campaign, **body):
        return self.ok(self.api.post(self.path(campaign, "/send"), body))["data"]

    def cancel(self, campaign):
        return self.ok(self.api.post(self.path(campaign, "/cancel")))["data"]

    def now(self, campaign):
        return self.ok(self.api.get(self.path(campaign)))["data"]

    def recipients(self, campaign, query=""):
        answer = self.api.get(self.path(campaign, f"/recipients{query}"))
        self.assertEqual(answer.status, 200, answer.text)
        return lines_of(answer)

    def emails(self, campaign):
        return [line["email"] for line in self.recipients(campaign)]

    def people(self):
        """Two paying ones, of whom one is subscribed, and a free one who is."""
        self.contact("ada@x.io", {"plan": "pro"}, subscribed=True)
        self.contact("bob@x.io", {"plan": "pro"}, subscribed=False)
        self.contact("cyd@x.io", {"plan": "free"}, subscribed=True)

    def in_each_status(self):
        made = {status: self.campaign(name=status) for status in
                ("DRAFT", "SCHEDULED", "SENDING", "SENT", "CANCELLED")}
        self.send(made["SCHEDULED"], scheduledFor=instant(3600))
        self.send(made["SENDING"])
        self.send(made["SENT"])
        self.ok(self.api.post(self.path(made["SENT"], "/sent")))
        self.cancel(made["CANCELLED"])
        for status, campaign in made.items():
            self.assertEqual(self.now(campaign)["status"], status)
        return made


class Definitions(CampaignTest):
    def test_a_campaign_has_every_member(self):
        self.people()
        answer = self.ok(self.api.post("/campaigns", draft()), 201)
        self.assertEqual(set(answer), {"success", "data"})
        made = answer["data"]
        self.assertEqual(
            {key: made[key] for key in made if key not in ("id", "createdAt", "updatedAt")},
            {**TEXTS, "status": "DRAFT", "audienceType": "ALL", "segmentId": None,
             "audienceCondition": None, "scheduledFor": None, "totalRecipients": 2,
             "projectId": self.project["id"]})
        self.assertEqual(self.now(made), made)

    def test_each_kind_of_audience(self):
        self.people()
        pro = self.segment()
        static = self.static("Picked", ["bob@x.io", "cyd@x.io"])
        for members, reached in (
                ({"audienceType": "ALL"}, ["ada@x.io", "cyd@x.io"]),
                ({"audienceType": "SEGMENT", "segmentId": pro["id"]}, ["ada@x.io"]),
                ({"audienceType": "SEGMENT", "segmentId": static["id"]}, ["cyd@x.io"]),
                ({"audienceType": "FILTERED", "audienceCondition": is_equal("data.plan", "free")},
                 ["cyd@x.io"]),
                ({"audienceType": "FILTERED",
                  "audienceCondition": condition(in_segment(pro["id"], "notMemberOfSegment"))},
                 ["cyd@x.io"])):
            with self.subTest(members=members):
                made = self.campaign(**members)
                self.assertEqual(made["totalRecipients"], len(reached))
                self.assertEqual(self.emails(made), reached)
                for name in ("segmentId", "audienceCondition"):
                    self.assertEqual(made[name], members.get(name))

    def test_what_does_not_belong_to_the_audience_is_passed_over(self):
        segment = self.segment()
        made = self.campaign(segmentId=segment["id"], audienceCondition={"logic": "no"})
        self.assertEqual((made["segmentId"], made["audienceCondition"]), (None, None))
        self.assertEqual(self.api.delete(f"/segments/{segment['id']}").status, 204)

    def test_creation_refuses_what_is_wrong(self):
        segment = self.segment()
        for members, field in (
                ({"name": None}, "name"), ({"name": ""}, "name"), ({"name": "a" * 201}, "name"),
                ({"subject": 5}, "subject"), ({"subject": "a" * 999}, "subject"),
                ({"body": None}, "body"), ({"body": "a" * (256 * 1024 + 1)}, "body"),
                ({"from": "nobody"}, "from"), ({"from": None}, "from"),
                ({"audienceType": None}, "audienceType"), ({"audienceType": "SOME"}, "audienceType"),
                ({"audienceType": "SEGMENT"}, "segmentId"),
                ({"audienceType": "SEGMENT", "segmentId": 5}, "segmentId"),
                ({"audienceType": "FILTERED", "segmentId": segment["id"]}, "audienceCondition")):
            with self.subTest(members=members):
                self.refused(self.api.post("/campaigns", draft(**members)), 400, "BAD_REQUEST",
                             field)
        self.assertEqual(self.ok(self.api.get("/campaigns"))["total"], 0)
        error = self.refused(self.api.post("/campaigns", {}), 400, "BAD_REQUEST")
        self.assertEqual([problem["field"] for problem in error["errors"]],
                         ["name", "subject", "body", "from", "audienceType"])

    def test_places_of_a_condition_are_under_audience_condition(self):
        for given, field in ((condition(filter_of("data.plan", "nope", 1)),
                              "audienceCondition.groups[0].filters[0].operator"),
                             (5, "audienceCondition"),
                             (condition(in_segment(UNKNOWN)),
                              "audienceCondition.groups[0].filters[0].field")):
            body = draft(audienceType="FILTERED", audienceCondition=given)
            self.refused(self.api.post("/campaigns", body), 400, "INVALID_CONDITION", field)

    def test_an_unknown_segment_is_404(self):
        error = self.refused(self.api.post("/campaigns", draft(audienceType="SEGMENT",
                                                               segmentId=UNKNOWN)),
                             404, "RESOURCE_NOT_FOUND", "segmentId")
        self.assertIn("segment", error["message"])

    def test_unknown_ids_are_404(self):
        for method, path, body in (
                ("GET", "", None), ("PUT", "", {"name": "A"}), ("DELETE", "", None),
                ("POST", "/send", {}), ("POST", "/send", {"scheduledFor": instant(60)}),
                ("POST", "/cancel", {}), ("POST", "/sent", {}), ("GET", "/recipients", None)):
            with self.subTest(method=method, path=path):
                error = self.refused(self.api.send(method, f"/campaigns/{UNKNOWN}{path}", body),
                                     404, "RESOURCE_NOT_FOUND")
                self.assertIn("campaign", error["message"])

    def test_another_projects_campaign_or_segment_is_not_there(self):
        self.people()
        ours = self.campaign()
        segment = self.segment()
        other = self.client(suite.world.projects.pop()["secretKey"])
        for method, path, body in (
                ("GET", "", None), ("PUT", "", {"name": "A"}), ("DELETE", "", None),
                ("POST", "/send", {}), ("POST", "/send", {"scheduledFor": instant(60)}),
                ("POST", "/cancel", {}), ("POST", "/sent", {}), ("GET", "/recipients", None)):
            with self.subTest(method=method, path=path):
                self.refused(other.send(method, self.path(ours, path), body), 404,
                             "RESOURCE_NOT_FOUND")
        self.refused(other.post("/campaigns", draft(audienceType="SEGMENT",
                                                    segmentId=segment["id"])),
                     404, "RESOURCE_NOT_FOUND")
        self.refused(other.post("/campaigns", draft(
            audienceType="FILTERED", audienceCondition=condition(in_segment(segment["id"])))),
            400, "INVALID_CONDITION")
        self.assertEqual(self.ok(other.get("/campaigns"))["data"], [])
        self.assertEqual(self.now(ours), ours)

    def test_a_change_keeps_what_it_does_not_name(self):
        self.people()
        pro = self.segment()
        made = self.campaign(audienceType="SEGMENT", segmentId=pro["id"])
        changed = self.ok(self.api.put(self.path(made), {"subject": "New", "body": None}))["data"]
        self.assertEqual({**changed, "updatedAt": None},
                         {**made, "subject": "New", "updatedAt": None})
        changed = self.ok(self.api.put(self.path(made), {"audienceType": "SEGMENT"}))["data"]
        self.assertEqual(changed["segmentId"], pro["id"])
        self.refused(self.api.put(self.path(made), {"audienceType": "FILTERED"}), 400,
                     "BAD_REQUEST", "audienceCondition")
        changed = self.ok(self.api.put(self.path(made), {
            "audienceType": "FILTERED", "audienceCondition": is_equal("data.plan", "free")}))["data"]
        self.assertEqual((changed["segmentId"], changed["totalRecipients"]), (None, 1))
        self.assertEqual(self.emails(made), ["cyd@x.io"])
        changed = self.ok(self.api.put(self.path(made), {"audienceCondition": PRO}))["data"]
        self.assertEqual(changed["audienceCondition"], PRO)
        changed = self.ok(self.api.put(self.path(made), {"audienceType": "ALL"}))["data"]
        self.assertEqual((changed["audienceCondition"], changed["totalRecipients"]), (None, 2))

    def test_the_list_has_pages_and_can_be_searched(self):
        for name in ("One", "Two", "Three"):
            self.campaign(name=name, subject=f"About {name.lower()}")
        page = self.ok(self.api.get("/campaigns?page=2&pageSize=2"))
        self.assertEqual([row["name"] for row in page["data"]], ["One"])
        self.assertEqual({**page, "data": None},
                         {"data": None, "total": 3, "page": 2, "pageSize": 2, "totalPages": 2})
        for query, names in (("", ["Three", "Two", "One"]), ("search=ABOUT%20T", ["Three", "Two"]),
                             ("search=example.com&pageSize=1", ["Three"]),
                             ("status=DRAFT", ["Three", "Two", "One"]), ("status=SENT", []),
                             ("status=DRAFT&search=one", ["One"])):
            with self.subTest(query=query):
                rows = self.ok(self.api.get(f"/campaigns?{query}"))["data"]
                self.assertEqual([row["name"] for row in rows], names)
        for query in ("page=0", "pageSize=101", "status=draft", "search=" + "a" * 321):
            self.refused(self.api.get(f"/campaigns?{query}"), 400, "BAD_REQUEST")

    def test_a_send_with_a_key_is_carried_out_once(self):
        self.people()
        made = self.campaign()
        first, again = [self.api.send("POST", self.path(made, "/send"), {}, {"Idempotency-Key": "k"})
                        for _ in range(2)]
        self.assertEqual((first.status, first.text), (200, again.text))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual(len(self.emails(made)), 2)


class Statuses(CampaignTest):
    def test_what_each_status_allows(self):
        self.people()
        every = {"DRAFT", "SCHEDULED", "SENDING", "SENT", "CANCELLED"}
        for method, rest, body, allowed in (
                ("PUT", "", {"name": "New"}, {"DRAFT", "SCHEDULED"}),
                ("POST", "/send", {}, {"DRAFT", "SCHEDULED"}),
                ("POST", "/send", {"scheduledFor": instant(3600)}, {"DRAFT", "SCHEDULED"}),
                ("POST", "/cancel", {}, {"DRAFT", "SCHEDULED", "SENDING"}),
                ("POST", "/sent", {}, {"SENDING"}),
                ("DELETE", "", None, every - {"SENDING"})):
            for status, campaign in self.in_each_status().items():
                with self.subTest(method=method, rest=rest, body=body, status=status):
                    before = self.now(campaign)
                    answer = self.api.send(method, self.path(campaign, rest), body)
                    if status in allowed:
                        self.assertIs(self.ok(answer)["success"], True)
                    else:
                        error = self.refused(answer, 409, "CONFLICT")
                        self.assertIn(status, error["message"])
                        self.assertEqual(self.now(campaign), before)

    def test_a_deleted_one_is_gone(self):
        made = self.campaign()
        self.assertEqual(set(self.ok(self.api.delete(self.path(made)))), {"success", "message"})
        self.refused(self.api.get(self.path(made)), 404, "RESOURCE_NOT_FOUND")

    def test_nobody_to_send_to_is_400(self):
        self.contact("bob@x.io", subscribed=False)
        made = self.campaign()
        for body in ({}, {"scheduledFor": instant(60)}):
            error = self.refused(self.api.post(self.path(made, "/send"), body), 400, "BAD_REQUEST")
            self.assertIn("recipients", error["message"])
        self.assertEqual(self.now(made)["status"], "DRAFT")

    def test_scheduling_needs_an_instant_ahead(self):
        self.people()
        made = self.campaign()
        for given in (instant(-1), "tomorrow", 5):
            self.refused(self.api.post(self.path(made, "/send"), {"scheduledFor": given}), 400,
                         "BAD_REQUEST", "scheduledFor")
        at = instant(3600)
        answer = self.ok(self.api.post(self.path(made, "/send"), {"scheduledFor": at}))
        self.assertEqual((answer["data"]["status"], answer["data"]["scheduledFor"]),
                         ("SCHEDULED", at))
        self.assertIn(at, answer["message"])
        later = instant(7200)
        self.assertEqual(self.send(made, scheduledFor=later)["scheduledFor"], later)
        self.assertEqual(self.send(made, scheduledFor=None)["status"], "SENDING")

    def test_a_scheduled_one_is_sent_when_its_time_comes_to_who_is_there_then(self):
        self.contact("ada@x.io", subscribed=True)
        made = self.campaign()
        other = self.campaign(name="Not yet")
        self.send(other, scheduledFor=instant(3600))
        self.send(made, scheduledFor=instant(1.5))
        self.contact("bob@x.io", subscribed=True)
        self.assertEqual((self.now(made)["status"], self.emails(made)),
                         ("SCHEDULED", ["ada@x.io", "bob@x.io"]))
        wait_until(lambda: self.now(made)["status"] == "SENDING")
        self.contact("cyd@x.io", subscribed=True)
        self.assertEqual((self.now(made)["status"], self.now(made)["totalRecipients"]),
                         ("SENDING", 2))
        self.assertEqual(self.emails(made), ["ada@x.io", "bob@x.io"])
        self.assertEqual(self.now(other)["status"], "SCHEDULED")

    def test_a_scheduled_one_that_nobody_is_left_for_is_sent_to_nobody(self):
        self.contact("ada@x.io", subscribed=True)
        made = self.campaign()
        self.send(made, scheduledFor=instant(1))
        self.contact("ada@x.io", subscribed=False)
        wait_until(lambda: self.now(made)["status"] == "SENDING")
        self.assertEqual((self.now(made)["status"], self.emails(made)), ("SENDING", []))

    def test_a_cancelled_one_is_not_sent(self):
        self.people()
        made = self.campaign()
        witness = self.campaign(name="Later")
        self.send(made, scheduledFor=instant(1))
        self.send(witness, scheduledFor=instant(1.2))
        self.assertEqual(self.cancel(made)["status"], "CANCELLED")
        wait_until(lambda: self.now(witness)["status"] == "SENDING")
        self.assertEqual(self.now(made)["status"], "CANCELLED")
        self.assertEqual(self.emails(made), [])

    def test_segments_of_active_campaigns_cannot_be_deleted(self):
        self.people()
        pro = self.segment()
        direct = self.campaign(audienceType="SEGMENT", segmentId=pro["id"])
        by_condition = self.campaign(audienceType="FILTERED",
                                     audienceCondition=condition(in_segment(pro["id"])))
        path = f"/segments/{pro['id']}"
        self.assertIn("2 active campaigns",
                      self.refused(self.api.delete(path), 409, "CONFLICT")["message"])
        self.send(direct)
        self.send(by_condition, scheduledFor=instant(3600))
        self.assertIn("2 active campaigns",
                      self.refused(self.api.delete(path), 409, "CONFLICT")["message"])
        self.ok(self.api.post(self.path(direct, "/sent")))
        self.assertIn("1 active campaign;",
                      self.refused(self.api.delete(path), 409, "CONFLICT")["message"])
        self.cancel(by_condition)
        self.assertEqual(self.api.delete(path).status, 204)
        self.assertIsNone(self.now(direct)["segmentId"])
        self.assertEqual(self.emails(direct), ["ada@x.io"])


class Recipients(CampaignTest):
    def test_a_line_has_id_email_and_data_as_it_was_sent(self):
        made = self.api.send("POST", "/contacts", raw=b'{"email": "ada@x.io", "subscribed": true, '
                             b'"data": {"n": 12345678901234567890, "a": {\r\n"b": [1, null]}}}').json
        campaign = self.campaign()
        for _ in range(2):  # worked out, and kept
            answer = self.api.get(self.path(campaign, "/recipients"))
            self.assertEqual(answer.headers["Content-Type"],
                             "application/x-ndjson; charset=utf-8")
            self.assertIn('"n":12345678901234567890', answer.text)
            self.assertEqual(lines_of(answer), [{"id": made["id"], "email": "ada@x.io",
                                                 "data": {"n": 12345678901234567890,
                                                          "a": {"b": [1, None]}}}])
            if campaign["status"] == "DRAFT":
                campaign = self.send(campaign)

    def test_the_list_of_a_sent_one_stays_as_it_was(self):
        for name in "abcdef":
            self.contact(f"{name}@x.io", {"plan": "pro", "of": name}, subscribed=True)
        pro = self.segment()
        made = self.campaign(audienceType="SEGMENT", segmentId=pro["id"])
        ids = {line["email"][0]: line["id"] for line in self.recipients(made)}
        sent = self.send(made)
        kept = self.recipients(made)
        self.assertEqual([line["data"]["of"] for line in kept], list("abcdef"))
        self.contact("new@x.io", {"plan": "pro"}, subscribed=True)
        self.contact("a@x.io", subscribed=False)
        self.contact("b@x.io", {"plan": "free"})
        self.ok(self.api.patch(f"/contacts/{ids['c']}", {"email": "other@x.io"}))
        self.assertEqual(self.api.delete(f"/contacts/{ids['d']}").status, 204)
        self.ok(self.api.patch(f"/segments/{pro['id']}",
                               {"condition": is_equal("data.plan", "none")}))
        self.assertEqual(self.recipients(made), kept)
        self.assertEqual(self.now(made)["totalRecipients"], sent["totalRecipients"])
        self.ok(self.api.post(self.path(made, "/sent")))
        self.assertEqual(self.recipients(made), kept)
        self.assertEqual(self.now(made)["totalRecipients"], 6)
        for before, after in zip(kept, kept[1:]):  # also behind one who has gone
            self.assertEqual(self.recipients(made, f"?after={before['id']}")[0], after)

    def test_a_list_cancelled_half_way_stays(self):
        self.people()
        made = self.campaign()
        self.send(made)
        self.assertEqual(self.cancel(made)["totalRecipients"], 2)
        self.assertEqual(self.emails(made), ["ada@x.io", "cyd@x.io"])

    def test_csv_is_quoted_and_keeps_what_it_is_given(self):
        people = {"=cmd@x.io": {"name": 'Ann "A", Ltd', "text": "two\nlines"},
                  "b,b@x.io": {}, '"c"@x.io': {"é": "ü"}}
        for email, data in people.items():
            self.contact(email, data, subscribed=True)
        campaign = self.campaign()
        plain = self.api.get(self.path(campaign, "/recipients?format=csv"))
        self.assertEqual(plain.headers["Content-Type"], "text/csv; charset=utf-8; header=present")
        rows = list(csv.reader(io.StringIO(plain.text, newline="")))
        self.assertEqual(rows[0], ["id", "email", "data"])
        self.assertEqual({row[1]: json.loads(row[2]) for row in rows[1:]}, people)
        self.assertTrue(plain.text.endswith("\r\n"))
        rest = self.api.get(self.path(campaign, f"/recipients?format=csv&after={rows[1][0]}"))
        self.assertEqual(list(csv.reader(io.StringIO(rest.text, newline=""))), rows[2:])

    def test_csv_can_have_a_column_for_each_field(self):
        people = {"a@x.io": {"plan": "pro", "n": 1.50, "on": True, "tags": ["x", 1], "no": None,
                             "address": {"city": 'Köln, "Süd"\n', "geo": {"lat": 7}},
                             "a.b": "whole", "a": {"b": "step"}},
                  "b@x.io": {"plan": "=1+1", "address": "none", "a": {"b": "step"}}, "c@x.io": {}}
        for email, data in people.items():
            self.contact(email, data, subscribed=True)
        path = self.path(self.campaign(), "/recipients")
        names = ["data.plan", "data.n", "data.on", "data.tags", "data.no", "data.address.city",
                 "data.address.geo.lat", "data.a.b", "data.unknown.x"]
        answer = self.api.get(f"{path}?format=csv&columns={','.join(names)}")
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        self.assertEqual(rows[0], ["id", "email", *names])
        self.assertEqual({row[1]: row[2:] for row in rows[1:]}, {
            "a@x.io": ["pro", "1.5", "true", '["x", 1]', "", 'Köln, "Süd"\n', "7", "whole", ""],
            "b@x.io": ["=1+1", "", "", "", "", "", "", "step", ""],
            "c@x.io": [""] * 9})
        rest = self.api.get(f"{path}?format=csv&after={rows[1][0]}&columns=data.plan")
        self.assertEqual(list(csv.reader(io.StringIO(rest.text, newline=""))),
                         [row[:3] for row in rows[2:]])
        many = ",".join(["data.plan"] * 50)
        self.assertEqual(self.api.get(f"{path}?format=csv&columns={many}").status, 200)
        for query in ("columns=data.plan", "format=ndjson&columns=data.plan",
                      f"format=csv&columns={many},data.x", "format=csv&columns=email",
                      "format=csv&columns=data.", "format=csv&columns=data.a,,data.b",
                      "format=csv&columns=data." + "x" * 252):
            with self.subTest(query=query[:60]):
                error = self.refused(self.api.get(f"{path}?{query}"), 400, "BAD_REQUEST")
                self.assertRegex(error["message"], "^columns: ")

    def test_the_format_may_stand_in_the_header(self):
        campaign = self.campaign()
        path = self.path(campaign, "/recipients")
        for accept, given in (("text/csv", "text/csv"), ("Text/CSV; q=0.9, */*", "text/csv"),
                              ("application/x-ndjson, text/csv", "application/x-ndjson"),
                              ("*/*", "application/x-ndjson"), ("", "application/x-ndjson")):
            answer = self.api.send("GET", path, headers={"Accept": accept})
            self.assertEqual(answer.headers["Content-Type"].split(";")[0], given)
        answer = self.api.send("GET", f"{path}?format=ndjson", headers={"Accept": "text/csv"})
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/x-ndjson")

    def test_what_the_query_may_not_say(self):
        made = self.campaign()
        gone = self.contact("a@x.io", subscribed=True)["id"]
        self.send(made)
        late = self.contact("b@x.io", subscribed=True)["id"]
        for query in ("format=xml", "after=x", f"after={late}", f"after={UNKNOWN}"):
            with self.subTest(query=query):
                self.refused(self.api.get(self.path(made, f"/recipients?{query}")), 400,
                             "BAD_REQUEST")
        self.refused(self.api.get(self.path(self.campaign(), "/recipients?after=x")), 400,
                     "BAD_REQUEST", "after")
        self.assertEqual(self.recipients(made, f"?after={gone}"), [])

    def test_an_audience_can_be_read_from_where_it_stopped(self):
        for name in "abcd":
            self.contact(f"{name}@x.io", subscribed=True)
        made = self.campaign()
        whole = self.recipients(made)
        self.contact("b@x.io", subscribed=False)
        rest = self.recipients(made, f"?after={whole[1]['id']}")
        self.assertEqual(rest, whole[2:])

    def test_large_data_comes_in_many_pieces(self):
        text = "x" * 60000
        for i in range(12):
            self.contact(f"c{i}@x.io", {"text": text, "i": i}, subscribed=True)
        made = self.campaign()
        self.assertEqual([line["data"]["i"] for line in self.recipients(made)], list(range(12)))
        self.send(made)
        self.assertEqual([line["data"]["i"] for line in self.recipients(made)], list(range(12)))

    def test_head_gives_no_list(self):
        made = self.campaign()
        answer = self.api.send("HEAD", self.path(made, "/recipients"))
        self.assertEqual((answer.status, answer.text), (200, ""))


class Crowds(OwnServerTest):
    """Lists that take several transactions, and servers that end in between."""

    def fill(self, client, count):
        static = client.post("/segments", {"name": "All", "type": "STATIC"}).json
        for at in range(0, count, 10000):
            emails = [f"c{i:06}@x.io" for i in range(at, min(count, at + 10000))]
            answer = client.post(f"/segments/{static['id']}/members",
                                 {"emails": emails, "createMissing": True})
            self.assertEqual(answer.status, 200, answer.text)

    def send_apart(self, server, path, answers):
        """Sends on a connection of its own."""
        client = Client(server.port, self.project["secretKey"])
        try:
            answers.append(client.post(f"{path}/send"))
        except Exception:  # the server was killed
            pass
        finally:
            client.close()

    def campaign(self, client):
        answer = client.post("/campaigns", draft())
        self.assertEqual(answer.status, 201, answer.text)
        return f"/campaigns/{answer.json['data']['id']}"

    def status(self, client, path):
        return client.get(path).json["data"]["status"]

    def write_on(self, server, until, written):
        """Creates contacts and changes old ones, in turn."""
        client = Client(server.port, self.project["secretKey"])
        step = 0
        while not until.is_set():
            email = f"late{step:06}@x.io" if step % 2 == 0 else f"c{step:06}@x.io"
            answer = client.post("/contacts", {"email": email, "subscribed": True,
                                               "data": {"step": step}})
            self.assertIn(answer.status, (200, 201), answer.text)
            step += 1
        client.close()
        written.append(step)

    def test_a_large_list_is_of_one_moment_while_others_write(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        count = 2 * LIST_PIECE + 7
        self.fill(client, count)
        path = self.campaign(client)
        until = threading.Event()
        written = []
        thread = threading.Thread(target=self.write_on, args=(server, until, written))
        thread.start()
        time.sleep(0.2)
        refusals = set()
        sent = []
        sender = threading.Thread(target=self.send_apart, args=(server, path, sent))
        sender.start()
        while sender.is_alive():  # nobody else touches it
            answer = client.put(path, {"name": "Other"})
            refusals.add(answer.status)
        sender.join()
        until.set()
        thread.join()
        self.assertEqual(sent[0].status, 200, sent[0].text)
        self.assertLessEqual(refusals, {200, 409})
        lines = lines_of(client.get(f"{path}/recipients"))
        self.assertEqual(len(lines), sent[0].json["data"]["totalRecipients"])
        steps = sorted(line["data"]["step"] for line in lines if "step" in line["data"])
        self.assertEqual(steps, list(range(len(steps))))  # what had been written by then
        self.assertLess(len(steps), written[0])
        late = sum(line["email"].startswith("late") for line in lines)
        self.assertEqual((len(lines), late), (count + late, (len(steps) + 1) // 2))
        self.assertEqual(len({line["id"] for line in lines}), len(lines))

    def test_a_send_that_was_killed_has_happened_or_not(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        count = 2 * LIST_PIECE + 7
        self.fill(client, count)
        seen = set()
        for delay in (0.05, 0.3, 0.6, 0.9, 1.5):
            path = self.campaign(client)
            answers = []
            thread = threading.Thread(target=self.send_apart, args=(server, path, answers))
            thread.start()
            time.sleep(delay)
            server.kill()
            thread.join()
            server.start()
            client = self.client(server)
            status = self.status(client, path)
            seen.add(status)
            self.assertIn(status, ("DRAFT", "SENDING"))
            if answers:
                self.assertEqual((answers[0].status, status), (200, "SENDING"))
            if status == "DRAFT":
                self.assertEqual(client.post(f"{path}/cancel").status, 200)
                self.assertEqual(client.get(f"{path}/recipients").text, "")
                path = self.campaign(client)
                self.assertEqual(client.post(f"{path}/send").status, 200)
            lines = lines_of(client.get(f"{path}/recipients"))
            self.assertEqual([line["email"] for line in lines],
                             [f"c{i:06}@x.io" for i in range(count)])
            self.assertEqual(client.post(f"{path}/sent").status, 200)
            self.assertEqual(client.delete(path).status, 200)
        self.assertIn("DRAFT", seen)

    def test_a_deletion_that_was_killed_leaves_no_half_of_a_list(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        count = 2 * LIST_PIECE + 7
        self.fill(client, count)
        for delay in (0.02, 0.1, 0.2):
            path = self.campaign(client)
            self.assertEqual(client.post(f"{path}/send").status, 200)
            self.assertEqual(client.post(f"{path}/sent").status, 200)

            def delete(path=path, own=self.client(server)):
                try:
                    own.delete(path)
                except Exception:  # the server was killed
                    pass

            thread = threading.Thread(target=delete)
            thread.start()
            time.sleep(delay)
            server.kill()
            thread.join()
            server.start()
            client = self.client(server)
            answer = client.get(f"{path}/recipients")
            if answer.status != 404:
                lines = len(answer.text.splitlines())
                self.assertIn(lines, (0, count))
                self.assertEqual(client.get(path).json["data"]["totalRecipients"], lines)
                self.assertEqual(client.delete(path).status, 200)
            self.assertEqual(client.get(path).status, 404)

    def test_a_kept_list_survives_a_restart(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.fill(client, 100)
        path = self.campaign(client)
        self.assertEqual(client.post(f"{path}/send").status, 200)
        kept = client.get(f"{path}/recipients").text
        client.post("/contacts", {"email": "c000001@x.io", "subscribed": False})
        server.kill()
        server.start()
        client = self.client(server)
        self.assertEqual(self.status(client, path), "SENDING")
        self.assertEqual(client.get(f"{path}/recipients").text, kept)
        self.assertEqual(client.post(f"{path}/sent").json["data"]["totalRecipients"], 100)

    def test_what_became_due_while_nothing_ran_is_sent_at_the_next_start(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.fill(client, LIST_PIECE + 7)
        paths = [self.campaign(client) for _ in range(2)]
        for path in paths:
            answer = client.post(f"{path}/send", {"scheduledFor": instant(1)})
            self.assertEqual(answer.status, 200, answer.text)
        server.kill()
        time.sleep(1.1)
        server.start()
        client = self.client(server)
        for path in paths:
            wait_until(lambda path=path: self.status(client, path) == "SENDING", 60)
            self.assertEqual(self.status(client, path), "SENDING")
            self.assertEqual(len(lines_of(client.get(f"{path}/recipients"))), LIST_PIECE + 7)

    def test_a_server_that_stops_while_it_sends_a_due_one_sends_it_later(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.fill(client, 2 * LIST_PIECE)
        path = self.campaign(client)
        client.post(f"{path}/send", {"scheduledFor": instant(0.5)})
        time.sleep(0.7)
        self.assertEqual(server.stop(), 0)
        server.start()
        client = self.client(server)
        wait_until(lambda: self.status(client, path) == "SENDING", 60)
        self.assertEqual(len(lines_of(client.get(f"{path}/recipients"))), 2 * LIST_PIECE)

    def test_a_list_that_is_deleted_while_it_is_read_is_not_taken_for_whole(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.fill(client, LIST_PIECE)
        for i in range(150):  # far more than the buffers of a connection hold
            client.post("/contacts", {"email": f"long{i}@x.io", "subscribed": True,
                                      "data": {"text": "x" * 60000}})
        path = self.campaign(client)
        self.assertEqual(client.post(f"{path}/send").status, 200)
        self.assertEqual(client.post(f"{path}/sent").status, 200)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sock.connect(("127.0.0.1", server.port))
        connection.request("GET", f"{path}/recipients",
                           headers={"Authorization": f"Bearer {self.project['secretKey']}"})
        response = connection.getresponse()
        response.read(1000)
        self.assertEqual(client.delete(path).status, 200)
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            response.read()


if __name__ == "__main__":
    suite.main(__doc__)
