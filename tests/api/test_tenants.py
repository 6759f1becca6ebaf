#!/usr/bin/python3
"""No project sees another one's anything, on any route.

    test_tenants.py PROGRAM [--short] [unittest options]

Every route of the server's table must have attempts here, or the test fails. One project has one of
everything, with a mark in all its texts. Another one tries to get at it, with its own key and the
first one's ids, addresses and names.
"""

import threading
import urllib.parse

import suite
from suite import PRO, ApiTest, setUpModule, tearDownModule
from server import condition, filter_of, form, in_segment
from routes import project_routes
from state import State

# Stands in every text of the project that is attacked.
MARK = "ofanother"
NOT_FOUND = (404, "RESOURCE_NOT_FOUND")
NO_CONTACT = (404, "CONTACT_NOT_FOUND")
NO_SEGMENT = (400, "INVALID_CONDITION")
OK = (200, None)
CREATED = (201, None)
QUEUED = (202, None)


class Tenants(ApiTest):
    def setUp(self):
        super().setUp()
        self.other = self.client(suite.world.projects.pop()["secretKey"])
        self.email = f"{MARK}@x.io"
        self.theirs = self.contact(self.email, {MARK: MARK, "plan": "pro"})
        self.dynamic = self.segment(f"{MARK} dynamic", trackMembership=True)
        self.fixed = self.static(f"{MARK} fixed", [self.email])
        self.referring = self.segment(f"{MARK} referring", condition(in_segment(self.fixed["id"])))
        self.ok(self.api.post("/v1/track", {"event": MARK, "email": self.email,
                                            "data": {"note": MARK}}))
        self.ok(self.api.post("/v1/email-activity", [
            {"email": self.email, "activity": "opened", "at": "2026-01-01", "messageId": MARK}]))
        self.jobs = {"import": self.api.upload(form(f"email,{MARK}\n{self.email},{MARK}\n")),
                     "bulk": self.api.post("/contacts/bulk-subscribe", {"ids": [MARK]})}
        for kind, answer in self.jobs.items():
            self.api.wait_for_job(answer, kind)
        self.campaigns = [self.ok(self.api.post("/campaigns", {
            "name": f"{MARK} campaign", "subject": MARK, "body": MARK, "from": self.email,
            **audience}), 201)["data"]["id"] for audience in (
                {"audienceType": "SEGMENT", "segmentId": self.dynamic["id"]},
                {"audienceType": "FILTERED", "audienceCondition": condition(
                    filter_of(f"data.{MARK}", "exists"), filter_of(f"event.{MARK}", "triggered"))})]
        hook = {"name": f"{MARK} hook", "url": f"https://{MARK}.example.com/", "events": [MARK],
                "headers": {f"X-{MARK}": MARK}}
        self.webhook = self.ok(self.api.post("/webhooks", hook), 201)["id"]
        self.ok(self.api.post("/v1/track", {"event": MARK, "email": self.email}))
        self.delivery = self.ok(self.api.get(f"/webhooks/{self.webhook}/deliveries"))["data"][0]["id"]
        self.own_dynamic = self.other.post("/segments", {"name": "Own", "condition": PRO}).json
        self.own_fixed = self.other.post("/segments", {"name": "Own fixed", "type": "STATIC"}).json

    def attempts(self):
        """By route: the path, the body, and what must come of it."""
        theirs = (self.dynamic["id"], self.fixed["id"], self.referring["id"])
        use = condition(in_segment(self.fixed["id"]))
        emails = {"emails": [self.email]}
        mail = {"name": "Mine", "subject": "s", "body": "b", "from": "mine@x.io"}
        of_segments = {
            ("GET", ""): [None], ("PATCH", ""): [{"name": "Mine"}, {"condition": PRO}, {}],
            ("DELETE", ""): [None], ("GET", "/contacts"): [None],
            ("POST", "/members"): [emails, {**emails, "createMissing": True}],
            ("DELETE", "/members"): [emails], ("POST", "/refresh"): [{}],
            ("POST", "/compute"): [{}], ("GET", "/changes"): [None], ("GET", "/sizes"): [None],
            ("GET", "/usage"): [None]}
        attempts = {
            (method, f"/segments/:id{path}"): [
                (f"/segments/{segment}{path}", body, NOT_FOUND)
                for segment in theirs for body in bodies]
            for (method, path), bodies in of_segments.items()}
        attempts["PATCH", "/segments/:id"].append(
            (f"/segments/{self.own_dynamic['id']}", {"condition": use}, NO_SEGMENT))
        attempts["POST", "/segments/:id/members"].append(
            (f"/segments/{self.own_fixed['id']}/members", emails, OK))
        attempts["DELETE", "/segments/:id/members"].append(
            (f"/segments/{self.own_fixed['id']}/members", emails, OK))
        contact = self.theirs["id"]
        attempts.update({
            ("GET", "/segments"): [("/segments", None, OK)],
            ("POST", "/segments"): [("/segments", {"name": "New", "condition": use}, NO_SEGMENT)],
            ("POST", "/segments/preview"): [
                ("/segments/preview", {"condition": PRO, "segmentId": self.dynamic["id"]},
                 NOT_FOUND),
                ("/segments/preview", {"condition": use}, NO_SEGMENT),
                ("/segments/preview", {"sample": 100, "condition": condition(
                    filter_of(f"data.{MARK}", "notExists"))}, OK)],
            ("POST", "/segments/explain"): [
                ("/segments/explain", {"condition": PRO, "contactId": contact}, NO_CONTACT),
                ("/segments/explain", {"condition": use, "contactId": contact}, NO_SEGMENT)],
            ("GET", "/segments/:id/contacts/:contactId/explain"): [
                *((f"/segments/{segment}/contacts/{contact}/explain", None, NOT_FOUND)
                  for segment in theirs),
                (f"/segments/{self.own_dynamic['id']}/contacts/{contact}/explain", None,
                 NO_CONTACT)],
            **{(method, f"/campaigns/:id{path}"): [
                (f"/campaigns/{campaign}{path}", body, NOT_FOUND) for campaign in self.campaigns]
               for method, path, body in (
                   ("GET", "", None), ("PUT", "", {"name": "Mine"}), ("DELETE", "", None),
                   ("POST", "/send", {}), ("POST", "/cancel", {}), ("POST", "/sent", {}),
                   ("GET", "/recipients", None))},
            ("GET", "/campaigns"): [("/campaigns", None, OK),
                                    (f"/campaigns?search={MARK}", None, OK)],
            ("POST", "/campaigns"): [
                *(("/campaigns", {**mail, "audienceType": "SEGMENT", "segmentId": segment},
                   NOT_FOUND) for segment in theirs),
                ("/campaigns", {**mail, "audienceType": "FILTERED", "audienceCondition": use},
                 NO_SEGMENT)],
            **{(method, f"/webhooks/:id{path}"): [(f"/webhooks/{self.webhook}{path}", body, NOT_FOUND)]
               for method, path, body in (
                   ("GET", "", None), ("PATCH", "", {"url": "https://mine.example.com/"}),
                   ("DELETE", "", None), ("GET", "/deliveries", None), ("POST", "/test", {}),
                   ("POST", "/rotate-secret", {}),
                   ("POST", "/replay", {"from": "2020-01-01", "to": "2999-01-01"}))},
            ("GET", "/webhooks"): [("/webhooks", None, OK)],
            ("POST", "/webhooks"): [("/webhooks", {"url": "https://mine.example.com/",
                                                   "events": [MARK], "condition": use},
                                     NO_SEGMENT)],
            ("GET", "/deliveries/:id"): [(f"/deliveries/{self.delivery}", None, NOT_FOUND)],
            ("POST", "/deliveries/:id/retry"): [
                (f"/deliveries/{self.delivery}/retry", {}, NOT_FOUND)],
            ("GET", "/contacts"): [("/contacts", None, OK), ("/contacts?search=@", None, OK)],
            ("GET", "/contacts/:id"): [(f"/contacts/{contact}", None, NO_CONTACT)],
            ("PATCH", "/contacts/:id"): [
                (f"/contacts/{contact}", {"subscribed": True}, NO_CONTACT),
                (f"/contacts/{contact}", {"email": "mine@x.io"}, NO_CONTACT)],
            ("DELETE", "/contacts/:id"): [(f"/contacts/{contact}", None, NO_CONTACT)],
            ("GET", "/contacts/:id/changes"): [
                (f"/contacts/{contact}/changes", None, NO_CONTACT)],
            ("GET", "/contacts/:id/segments"): [
                (f"/contacts/{contact}/segments", None, NO_CONTACT)],
            ("POST", "/contacts/lookup"): [("/contacts/lookup", emails, OK)],
            **{("POST", f"/contacts/bulk-{verb}"): [
                (f"/contacts/bulk-{verb}", {"ids": [contact]}, QUEUED)]
               for verb in ("subscribe", "unsubscribe", "delete")},
            **{("GET", f"/contacts/{kind}/:jobId"): [
                (f"/contacts/{kind}/{answer.json['jobId']}", None, NOT_FOUND)]
               for kind, answer in self.jobs.items()},
            ("GET", "/contacts/fields"): [("/contacts/fields", None, OK)],
            ("GET", "/contacts/fields/:field/values"): [
                (f"/contacts/fields/data.{MARK}/values", None, OK),
                ("/contacts/fields/data.plan/values", None, OK)],
            ("GET", "/contacts/fields/:field/usage"): [
                (f"/contacts/fields/data.{MARK}/usage", None, OK)],
            ("DELETE", "/contacts/fields/:field"): [
                (f"/contacts/fields/data.{MARK}", None, OK)],
            ("GET", "/snapshot"): [
                *((f"/snapshot?fields=segment.{segment}", None, NOT_FOUND) for segment in theirs),
                ("/snapshot?fields=email,data.plan,email.opened", None, OK)],
            ("GET", "/events"): [("/events", None, OK), (f"/events?eventName={MARK}", None, OK)],
            ("GET", "/events/names"): [("/events/names", None, OK)],
            ("GET", "/v1/email-providers/ses"): [("/v1/email-providers/ses", None, OK)],
            ("GET", "/events/stats"): [("/events/stats", None, OK)],
            ("GET", "/events/:name/usage"): [(f"/events/{MARK}/usage", None, OK)],
            ("DELETE", "/events/:name"): [(f"/events/{MARK}", None, OK)],
            ("GET", "/events/contact/:id"): [(f"/events/contact/{contact}", None, NO_CONTACT)],
            # The same address and message are others here; these come last, since they make them.
            ("POST", "/v1/email-activity"): [("/v1/email-activity", [
                {"email": self.email, "activity": "clicked", "at": "2026-01-01"}], OK)],
            ("POST", "/contacts"): [("/contacts", {"email": self.email}, CREATED)],
            ("POST", "/contacts/import"): [
                ("/contacts/import", form(f"email,subscribed,plan\n{self.email},no,free\n"), QUEUED)],
            ("POST", "/v1/track"): [("/v1/track", {"event": "mine", "email": self.email}, OK)],
            ("POST", "/v1/track/batch"): [("/v1/track/batch", [
                {"event": "mine", "email": self.email, "data": {"plan": "free"}}], OK)]})
        return attempts

    # What of the marks a caller wrote may come back.
    ECHOES = {("POST", "/segments/:id/members"), ("POST", "/contacts/lookup"), ("POST", "/contacts"),
              ("GET", "/contacts/fields/:field/values"), ("POST", "/segments/preview")}

    def shown(self):
        state = State(self.api)
        webhook = self.ok(self.api.get(f"/webhooks/{self.webhook}"))
        del webhook["health"]  # the server tries to send, which is nobody's doing
        return {"contacts": state.contacts, "events": state.events, "segments": state.segments,
                "campaigns": self.ok(self.api.get("/campaigns"))["data"],
                "members": state.members,
                "webhook": webhook,
                "opened": self.ok(self.api.post("/segments/preview", {
                    "condition": condition(filter_of("email.opened", "triggered"),
                                           filter_of("email.clicked", "notTriggered"))}))["count"]}

    def test_every_route_keeps_projects_apart(self):
        attempts = self.attempts()
        routes = {(route.method, route.pattern) for route in project_routes()}
        self.assertEqual(set(attempts), routes, "each route needs attempts, and no other has any")
        before = self.shown()
        ids = [self.theirs["id"], *before["segments"], *[event["id"] for event in before["events"]]]
        for (method, pattern), tries in attempts.items():
            for path, body, (status, code) in tries:
                with self.subTest(method=method, path=path, body=body):
                    is_form = isinstance(body, bytes)
                    answer = self.other.upload(body) if is_form else self.other.send(method, path, body)
                    self.assertEqual(answer.status, status, answer.text)
                    if status == 202:
                        self.other.wait_for_job(answer, "import" if is_form else "bulk")
                    if code is not None:
                        self.refused(answer, status, code)
                    elif (method, pattern) not in self.ECHOES:
                        self.assertNotIn(MARK, answer.text)
                    if status < 300:
                        self.assertEqual([id for id in ids if id in answer.text], [])
        self.assertEqual(self.shown(), before)

    def test_what_is_echoed_was_not_found(self):
        emails = {"emails": [self.email]}
        path = f"/segments/{self.own_fixed['id']}/members"
        self.assertEqual(self.ok(self.other.post(path, emails)),
                         {"added": 0, "created": 0, "notFound": [self.email], "invalid": []})
        self.assertEqual(self.ok(self.other.delete(path, emails)), {"removed": 0})
        self.assertEqual(self.ok(self.other.post("/contacts/lookup", emails)),
                         {"found": [], "notFound": [self.email]})
        values = self.ok(self.other.get(f"/contacts/fields/data.{MARK}/values"))
        self.assertEqual((values["values"], values["counts"]), ([], []))
        for used in (PRO, condition(filter_of(f"data.{MARK}", "exists")),
                     condition(filter_of(f"event.{MARK}", "triggered")),
                     condition(filter_of("email.opened", "triggered"))):
            preview = self.ok(self.other.post("/segments/preview", {"condition": used,
                                                                    "sample": 100}))
            self.assertEqual((preview["count"], preview["total"], preview["sample"]), (0, 0, []))

    def test_a_segment_of_another_project_is_unknown_in_a_filter(self):
        body = {"name": "Mine", "condition": condition(in_segment(self.dynamic["id"]))}
        error = self.refused(self.other.post("/segments", body), 400, "INVALID_CONDITION",
                             "condition.groups[0].filters[0].field")
        self.assertEqual(error["errors"][0]["code"], "unknown_segment")

    def test_lists_show_only_ones_own(self):
        self.assertEqual({row["id"] for row in self.ok(self.other.get("/segments"))},
                         {self.own_dynamic["id"], self.own_fixed["id"]})
        self.assertEqual(self.ok(self.other.get("/contacts"))["total"], 0)
        self.assertEqual(self.ok(self.other.get("/events"))["events"], [])
        self.assertEqual(self.ok(self.other.get("/events/names"))["eventNames"], [])
        self.assertEqual(self.ok(self.other.get("/contacts/fields"))["count"], 4)

    def test_both_may_have_the_same_names_addresses_and_messages(self):
        made = self.other.post("/contacts", {"email": self.email, "data": {"plan": "pro"}})
        self.assertNotEqual(self.ok(made, 201)["id"], self.theirs["id"])
        self.ok(self.other.post("/segments", {"name": self.dynamic["name"], "condition": PRO}), 201)
        answer = self.ok(self.other.post("/v1/email-activity", [
            {"email": self.email, "activity": "opened", "at": "2026-01-01", "messageId": MARK}]))
        self.assertEqual(answer["data"]["accepted"], 1)
        mine = self.ok(self.other.get("/contacts"))["data"][0]
        self.assertEqual(self.other.delete(f"/contacts/{mine['id']}").status, 204)
        self.assertEqual(self.ok(self.api.get(f"/contacts/{self.theirs['id']}"))["email"],
                         self.email)

    def test_a_transaction_of_both_keeps_them_apart(self):
        """Requests that come together share a transaction: their entries must not mix."""
        self.ok(self.other.patch(f"/segments/{self.own_dynamic['id']}", {"trackMembership": True}))

        def track(client, number):
            for i in range(10):
                client.post("/v1/track", {"event": "seen", "email": f"c{number}-{i}@x.io",
                                          "data": {"plan": "pro"}})

        threads = [threading.Thread(target=track, args=(self.client(of.key), number))
                   for number in range(8) for of in (self.api, self.other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client, segment, count in ((self.api, self.dynamic, 81),
                                       (self.other, self.own_dynamic, 80)):
            self.assertEqual(client.get(f"/segments/{segment['id']}/contacts").json["total"],
                             count)
            name = urllib.parse.quote(f"segment.{segment['slug']}.entry")
            entries = client.get(f"/events?limit=1000&eventName={name}").json["events"]
            self.assertEqual(len(entries), count)
            self.assertEqual({event["data"]["segmentId"] for event in entries}, {segment["id"]})


if __name__ == "__main__":
    suite.main(__doc__)
