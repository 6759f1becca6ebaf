#!/usr/bin/python3
"""Webhooks: who is told of what. Nothing here depends on whether, or when, it is sent.

    test_webhooks.py PROGRAM [--short] [unittest options]
"""

import json
import threading

import suite
from server import condition, filter_of, in_segment, wait_until
from suite import PRO, UNKNOWN, ApiTest, OwnServerTest, setUpModule, tearDownModule  # noqa: F401

# Nothing listens there, and nobody may be sent to it.
URL = "http://127.0.0.1:9/hook"
MASK = "***"
WEBHOOKS_MAX = 50


def event_of(delivery):
    return delivery["payload"]["event"]["name"]


class WebhookTest(ApiTest):
    def webhook(self, *events, **members):
        return self.ok(self.api.post("/webhooks", {"url": URL, "events": list(events), **members}),
                       201)

    def deliveries(self, webhook, query=""):
        """All of them, oldest first."""
        found, cursor = [], ""
        while True:
            page = self.ok(self.api.get(f"/webhooks/{webhook['id']}/deliveries?limit=100{query}"
                                        + (f"&cursor={cursor}" if cursor else "")))
            found += page["data"]
            cursor = page["cursor"]
            if not page["hasMore"]:
                return found[::-1]

    def told(self, webhook):
        """Which events of whom, oldest first."""
        return [(event_of(row), row["payload"]["contact"]["email"])
                for row in self.deliveries(webhook)]

    def track(self, event, email, data=None, **members):
        return self.ok(self.api.post("/v1/track", {"event": event, "email": email,
                                                   "data": data or {}, **members}))


class DefinitionTest(WebhookTest):
    def test_a_secret_is_shown_once(self):
        made = self.webhook("purchase", name="Shop")
        self.assertRegex(made["secret"], r"^whsec_[A-Za-z0-9+/]{43}=$")
        for shown in (self.ok(self.api.get("/webhooks"))[0],
                      self.ok(self.api.get(f"/webhooks/{made['id']}")),
                      self.ok(self.api.patch(f"/webhooks/{made['id']}", {"name": "Other"}))):
            self.assertNotIn("secret", shown)
            self.assertNotIn(made["secret"], json.dumps(shown))

    def test_a_new_secret_leaves_the_old_one_a_day(self):
        made = self.webhook("purchase")
        self.assertIsNone(made["oldSecretUntil"])
        rotated = self.ok(self.api.post(f"/webhooks/{made['id']}/rotate-secret"))
        self.assertNotEqual(rotated["secret"], made["secret"])
        self.assertEqual(rotated["oldSecretUntil"][:10] > rotated["updatedAt"][:10], True)
        self.assertNotIn("secret", self.ok(self.api.get(f"/webhooks/{made['id']}")))

    def test_a_secret_is_no_other_webhooks(self):
        self.assertNotEqual(self.webhook("a")["secret"], self.webhook("a")["secret"])

    def test_what_a_webhook_is(self):
        made = self.webhook("segment.*.entry", "purchase", name="Shop", condition=PRO)
        del made["secret"]
        self.assertEqual(made, {
            "id": made["id"], "name": "Shop", "url": URL,
            "events": ["segment.*.entry", "purchase"], "headers": {}, "condition": PRO,
            "enabled": True, "pending": 0, "delivered": 0, "parked": 0, "oldSecretUntil": None,
            "health": {"state": "OK", "failuresInARow": 0, "lastSuccessAt": None,
                       "lastFailureAt": None, "lastFailure": None, "pausedUntil": None},
            "createdAt": made["createdAt"], "updatedAt": made["updatedAt"]})
        self.assertEqual(self.ok(self.api.get(f"/webhooks/{made['id']}")), made)

    def test_a_change_leaves_the_rest(self):
        made = self.webhook("a", name="Shop", condition=PRO, headers={"X-Key": "s3cret"})
        changed = self.ok(self.api.patch(f"/webhooks/{made['id']}",
                                         {"events": ["b"], "enabled": False}))
        self.assertEqual((changed["events"], changed["enabled"]), (["b"], False))
        self.assertEqual((changed["name"], changed["condition"], changed["headers"]),
                         ("Shop", PRO, {"X-Key": MASK}))
        cleared = self.ok(self.api.patch(f"/webhooks/{made['id']}",
                                         {"name": None, "condition": None, "headers": None}))
        self.assertEqual((cleared["name"], cleared["condition"], cleared["headers"]),
                         (None, None, {}))

    def test_values_of_headers_are_not_shown(self):
        made = self.webhook("a", headers={"Authorization": "Bearer s3cret", "X-Shop": "7"})
        self.assertEqual(made["headers"], {"Authorization": MASK, "X-Shop": MASK})
        given_back = self.ok(self.api.patch(f"/webhooks/{made['id']}",
                                            {"headers": {"authorization": MASK}}))
        self.assertEqual(given_back["headers"], {"authorization": MASK})
        self.refused(self.api.patch(f"/webhooks/{made['id']}", {"headers": {"X-Shop": MASK}}), 400,
                     "BAD_REQUEST", "headers")
        self.refused(self.api.post("/webhooks", {"url": URL, "events": ["a"],
                                                 "headers": {"X-Shop": MASK}}), 400,
                     "BAD_REQUEST", "headers")

    def test_the_list_is_newest_first(self):
        made = [self.webhook("a")["id"] for _ in range(3)]
        self.assertEqual([row["id"] for row in self.ok(self.api.get("/webhooks"))], made[::-1])

    def test_a_deleted_one_is_gone(self):
        made = self.webhook("a")
        self.ok(self.api.delete(f"/webhooks/{made['id']}"), 204)
        for answer in (self.api.get(f"/webhooks/{made['id']}"),
                       self.api.delete(f"/webhooks/{made['id']}"),
                       self.api.get(f"/webhooks/{made['id']}/deliveries")):
            self.refused(answer, 404, "RESOURCE_NOT_FOUND")
        self.assertEqual(self.ok(self.api.get("/webhooks")), [])

    def test_a_project_has_so_many_at_most(self):
        for _ in range(WEBHOOKS_MAX):
            self.webhook("a")
        self.refused(self.api.post("/webhooks", {"url": URL, "events": ["a"]}), 409, "CONFLICT")

    def test_a_request_that_is_sent_again_makes_one(self):
        body = {"url": URL, "events": ["a"]}
        first, second = (self.api.send("POST", "/webhooks", body, {"Idempotency-Key": "once"})
                         for _ in range(2))
        self.assertEqual(self.ok(first, 201), self.ok(second, 201))
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")
        self.assertEqual(len(self.ok(self.api.get("/webhooks"))), 1)


class RuleTest(WebhookTest):
    def refuses(self, field, **members):
        with self.subTest(members=members):
            self.refused(self.api.post("/webhooks", {"url": URL, "events": ["a"], **members}), 400,
                         "BAD_REQUEST", field)

    def test_urls(self):
        for url in ("", "example.com/hook", "ftp://example.com/", "https://", "https://:443/",
                    "https://user:word@example.com/", "https://user@example.com/",
                    "https://example.com/#part", "https://example.com/a b", "https://exämple.com/",
                    "https://example.com:0/", "https://example.com:65536/",
                    "https://example.com:x/", "https://[::1/", "https://[nothing]/",
                    "https://example.com/\r\nX: y", "file:///etc/passwd",
                    "https://example.com/" + "a" * 2048, 7):
            self.refuses("url", url=url)
        for url in ("https://example.com", "HTTPS://example.com:8443/a?b=c", "http://[2001:db8::1]/",
                    "http://[2001:db8::1]:80/", "https://example.com/@a"):
            with self.subTest(url=url):
                self.assertEqual(self.webhook("a", url=url)["url"], url)

    def test_patterns(self):
        for events in ([], [""], ["a*"], ["segment.vip-*.entry"], ["**"], ["a" * 251], [7], "a",
                       ["a"] * 51):
            self.refuses(None if events == ["a", 7] else "events" if not (
                isinstance(events, list) and events and len(events) <= 50) else "events[0]",
                events=events)
        self.webhook(*["a"] * 50)
        self.webhook("*", "a.*.b", "*.*", "purchase 2", "a..b")

    def test_headers(self):
        for headers in ([], {"X": 7}, {"": "a"}, {"X Y": "a"}, {"X:": "a"}, {"X\r\nY": "a"},
                        {"X": ""}, {"X": "a\r\nY: b"}, {"X": "a\nb"}, {"X": " a"}, {"X": "ä"},
                        {"X" * 101: "a"}, {"X": "a" * 2049}, {"Host": "a"},
                        {"content-length": "3"}, {"Webhook-Id": "msg_1"}, {"webhook-signature": "a"},
                        {"Transfer-Encoding": "chunked"}, {"X-A": "a", "x-a": "b"},
                        {f"X-{i}": "a" for i in range(17)}):
            self.refuses("headers", headers=headers)
        self.webhook("a", headers={f"X-{i}": "a b" for i in range(16)})

    def test_conditions(self):
        self.refused(self.api.post("/webhooks", {"url": URL, "events": ["a"],
                                                 "condition": {"logic": "AND"}}), 400,
                     "INVALID_CONDITION")
        self.refused(self.api.post("/webhooks", {"url": URL, "events": ["a"], "condition":
                                                 condition(in_segment(UNKNOWN))}), 400,
                     "INVALID_CONDITION")

    def test_what_has_to_be_there(self):
        self.refused(self.api.post("/webhooks", {"events": ["a"]}), 400, "BAD_REQUEST", "url")
        self.refused(self.api.post("/webhooks", {"url": URL}), 400, "BAD_REQUEST", "events")
        self.refuses("name", name="")
        self.refuses("name", name="a" * 201)

    def test_nobody_else_records_what_only_we_tell(self):
        for event in ("webhook.test", "campaign.sending"):
            self.refused(self.api.post("/v1/track", {"event": event, "email": "a@example.com"}),
                         422, "VALIDATION_ERROR")


class TellingTest(WebhookTest):
    def test_one_delivery_for_each_event_that_matches(self):
        made = self.webhook("purchase", "shop.*")
        for event in ("purchase", "shop.visit", "shop.visit.long", "shop", "other", "purchase"):
            self.track(event, "a@example.com")
        self.assertEqual([name for name, _ in self.told(made)],
                         ["purchase", "shop.visit", "purchase"])
        ids = [row["id"] for row in self.deliveries(made)]
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual(self.ok(self.api.get(f"/webhooks/{made['id']}"))["pending"], 3)

    def test_two_patterns_that_match_tell_once(self):
        made = self.webhook("purchase", "*")
        self.track("purchase", "a@example.com")
        self.assertEqual(len(self.deliveries(made)), 1)

    def test_a_star_is_one_part(self):
        cases = {"*": ["a"], "*.*": ["a.b"], "a.*.c": ["a.b.c", "a..c"], "a.b": ["a.b"],
                 "*.b.*": ["a.b.c"], "a.*": ["a.b"]}
        names = ["a", "a.b", "a.b.c", "a..c", "b.a.d.e"]
        made = {pattern: self.webhook(pattern) for pattern in cases}
        for name in names:
            self.track(name, "a@example.com")
        for pattern, matched in cases.items():
            with self.subTest(pattern=pattern):
                found = [name for name, _ in self.told(made[pattern])]
                self.assertEqual(found, [name for name in names if name in matched])

    def test_many_items_of_one_request(self):
        made = self.webhook("purchase")
        events = [{"event": "purchase" if i % 2 else "visit", "email": f"p{i % 7}@example.com",
                   "data": {"number": i}} for i in range(300)]
        self.ok(self.api.post("/v1/track/batch", events))
        self.assertEqual([row["payload"]["event"]["number"] for row in self.deliveries(made)],
                         list(range(1, 300, 2)))

    def test_a_payload(self):
        made = self.webhook("purchase", name="Shop")
        self.track("purchase", "Ann@Example.com",
                   {"plan": {"value": "pro", "persistent": True},
                    "amount": {"value": 12.50, "persistent": False}})
        row, = self.deliveries(made)
        contact = self.ok(self.api.get("/contacts"))["data"][0]
        payload = row["payload"]
        event = payload.pop("event")
        started = payload["execution"].pop("startedAt")
        self.assertEqual(payload, {
            "contact": {"id": contact["id"], "email": "ann@example.com", "subscribed": True,
                        "data": contact["data"]},
            "workflow": {"id": made["id"], "name": "Shop"},
            "execution": {"id": row["id"]}})
        self.assertEqual(event["name"], "purchase")
        self.assertRegex(started, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(row["createdAt"], started)
        self.assertEqual(row["webhookId"], made["id"])
        self.assertRegex(row["id"], r"^msg_[0-9a-f]{32}$")

    def test_a_webhook_without_a_name_is_called_by_its_url(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        self.assertEqual(self.deliveries(made)[0]["payload"]["workflow"]["name"], URL)

    def test_the_name_of_an_event_cannot_be_forged(self):
        made = self.webhook("purchase")
        for name in (b"name", b"n\\u0061me", b"\\u006eame"):
            raw = (b'{"event": "purchase", "email": "a@example.com", "data": '
                   b'{"%s": "segment.vip.entry", "names": 1}}' % name)
            self.ok(self.api.send("POST", "/v1/track", raw=raw))
            page = self.api.get(f"/webhooks/{made['id']}/deliveries?limit=1").text
            event = page.split('"event":')[1]
            self.assertTrue(event.startswith('{"name":"purchase","names":1}'), event)

    def test_entries_and_exits(self):
        made = self.webhook("segment.*.entry", "segment.vip-customers.exit")
        vip = self.segment("VIP \"customers\"", trackMembership=True)
        self.ok(self.api.post(f"/segments/{vip['id']}/compute"))
        self.contact("a@example.com", {"plan": "pro"})
        self.contact("a@example.com", {"plan": "free"})
        self.assertEqual(self.told(made), [("segment.vip-customers.entry", "a@example.com"),
                                           ("segment.vip-customers.exit", "a@example.com")])
        rows = self.deliveries(made)
        self.assertEqual(rows[0]["payload"]["event"],
                         {"name": "segment.vip-customers.entry", "segmentId": vip["id"],
                          "segmentName": "VIP \"customers\""})
        self.assertEqual([row["payload"]["contact"]["data"]["plan"] for row in rows],
                         ["pro", "free"])

    def test_an_event_comes_before_the_entry_that_it_causes(self):
        made = self.webhook("*", "*.*.*")
        self.segment("Buyers", condition(filter_of("event.purchase", "triggered")),
                     trackMembership=True)
        self.track("purchase", "a@example.com")
        self.assertEqual([name for name, _ in self.told(made)],
                         ["purchase", "segment.buyers.entry"])

    def test_subscribing_is_told(self):
        made = self.webhook("contact.*")
        self.contact("a@example.com", subscribed=True)
        self.contact("a@example.com", subscribed=False)
        self.assertEqual([name for name, _ in self.told(made)], ["contact.unsubscribed"])
        self.assertIs(self.deliveries(made)[0]["payload"]["contact"]["subscribed"], False)

    def test_a_disabled_webhook_is_told_nothing(self):
        made = self.webhook("purchase", enabled=False)
        self.track("purchase", "a@example.com")
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": True}))
        self.track("purchase", "b@example.com")
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": False}))
        self.track("purchase", "c@example.com")
        self.assertEqual(self.told(made), [("purchase", "b@example.com")])

    def test_what_is_told_stays_as_it_was(self):
        made = self.webhook("purchase")
        self.contact("a@example.com", {"plan": "free"})
        self.track("purchase", "a@example.com")
        changed = self.contact("a@example.com", {"plan": "pro"})
        before = self.deliveries(made)
        self.ok(self.api.delete(f"/contacts/{changed['id']}"), 204)
        after = self.deliveries(made)
        self.assertEqual(after[0]["payload"], before[0]["payload"])
        self.assertEqual(after[0]["payload"]["contact"]["data"], {"plan": "free"})

    def test_a_refused_item_is_not_told(self):
        made = self.webhook("purchase")
        answer = self.ok(self.api.post("/v1/track/batch", [
            {"event": "purchase", "email": "a@example.com"}, {"event": "purchase", "email": "no"}]))
        self.assertEqual(answer["data"]["rejected"], 1)
        self.assertEqual(self.told(made), [("purchase", "a@example.com")])

    def test_another_projects_events_are_not_told(self):
        made = self.webhook("purchase")
        other = self.client(world_project()["secretKey"])
        self.ok(other.post("/v1/track", {"event": "purchase", "email": "x@example.com"}))
        self.track("purchase", "a@example.com")
        self.assertEqual(self.told(made), [("purchase", "a@example.com")])

    def test_deletions_beside_events_lose_none(self):
        made = self.webhook("purchase")
        rounds = 20 if suite.is_short else 100

        def work(name):
            api = self.client(self.project["secretKey"])
            for i in range(rounds):
                answer = api.post("/v1/track", {"event": "purchase", "data": {"number": i},
                                                "email": f"{name}@example.com"})
                self.assertEqual(answer.status, 200)
                self.assertEqual(api.delete(f"/contacts/{answer.json['data']['contact']}").status,
                                 204)

        threads = [threading.Thread(target=work, args=(f"p{i}",)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told = sorted((row["payload"]["contact"]["email"], row["payload"]["event"]["number"])
                      for row in self.deliveries(made))
        self.assertEqual(told, [(f"p{i}@example.com", k) for i in range(8)
                                for k in range(rounds)])


def world_project():
    return suite.world.projects.pop()


class ConditionTest(WebhookTest):
    def test_it_sees_the_contact_as_the_event_leaves_it(self):
        made = self.webhook("purchase", condition=PRO)
        self.track("purchase", "a@example.com", {"plan": {"value": "pro", "persistent": True}})
        self.contact("a@example.com", {"plan": "pro"})
        self.track("purchase", "a@example.com")
        self.contact("a@example.com", {"plan": "free"})
        self.track("purchase", "a@example.com")
        emails = [row["payload"]["contact"]["data"].get("plan") for row in self.deliveries(made)]
        self.assertTrue(emails)
        self.assertEqual(set(emails), {"pro"})

    def test_it_sees_the_event_itself(self):
        made = self.webhook("purchase", condition=condition(filter_of("event.purchase",
                                                                      "triggered")))
        self.track("purchase", "a@example.com")
        self.assertEqual(self.told(made), [("purchase", "a@example.com")])

    def test_it_sees_the_membership_that_the_event_brings(self):
        pro = self.segment("Pro", PRO, trackMembership=True)
        inside = self.webhook("segment.pro.*", condition=condition(in_segment(pro["id"])))
        outside = self.webhook("segment.pro.*", condition=condition(
            in_segment(pro["id"], "notMemberOfSegment")))
        self.contact("a@example.com", {"plan": "pro"})
        self.contact("a@example.com", {"plan": "free"})
        self.assertEqual([name for name, _ in self.told(inside)], ["segment.pro.entry"])
        self.assertEqual([name for name, _ in self.told(outside)], ["segment.pro.exit"])

    def test_a_computed_segment_tells_of_each_that_entered(self):
        count = 300
        for i in range(count):
            self.contact(f"p{i}@example.com", {"plan": "pro", "number": i})
        all_of = self.webhook("segment.pro.entry")
        entered = self.webhook("segment.pro.entry", condition=condition(
            filter_of("event.segment.pro.entry", "triggered"),
            filter_of("data.number", "greaterThanOrEqual", 100)))
        left_out = self.webhook("segment.pro.entry", condition=condition(
            filter_of("event.segment.pro.entry", "notTriggered")))
        by_data = self.webhook("segment.pro.*", condition=condition(
            filter_of("data.number", "lessThan", 7), filter_of("subscribed", "equals", False)))
        pro = self.segment("Pro", PRO, trackMembership=True)
        self.ok(self.api.post(f"/segments/{pro['id']}/compute"))
        self.assertEqual(sorted(email for _, email in self.told(all_of)),
                         sorted(f"p{i}@example.com" for i in range(count)))
        self.assertEqual(sorted(email for _, email in self.told(entered)),
                         sorted(f"p{i}@example.com" for i in range(100, count)))
        self.assertEqual(self.told(left_out), [])
        self.assertEqual(sorted(email for _, email in self.told(by_data)),
                         [f"p{i}@example.com" for i in range(7)])

    def test_what_it_asks_for_stays(self):
        pro = self.segment("Pro", PRO)
        self.contact("a@example.com", {"city": "Bern"})
        made = self.webhook("a", name="Hook", condition=condition(
            in_segment(pro["id"]), filter_of("data.city", "equals", "Bern")))
        error = self.refused(self.api.delete(f"/segments/{pro['id']}"), 409, "CONFLICT")
        self.assertIn("Hook", error["message"])
        self.refused(self.api.delete("/contacts/fields/data.city"), 409, "CONFLICT")
        user = [{"id": made["id"], "name": "Hook"}]
        self.assertEqual(self.ok(self.api.get(f"/segments/{pro['id']}/usage"))["webhooks"], user)
        usage = self.ok(self.api.get("/contacts/fields/data.city/usage"))
        self.assertEqual((usage["usedInWorkflows"], usage["canDelete"]), (user, False))
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"condition": None}))
        self.ok(self.api.delete(f"/segments/{pro['id']}"), 204)


class DeliveryTest(WebhookTest):
    def test_pages(self):
        made = self.webhook("purchase")
        for i in range(5):
            self.track("purchase", f"p{i}@example.com")
        path = f"/webhooks/{made['id']}/deliveries"
        first = self.ok(self.api.get(path + "?limit=3"))
        second = self.ok(self.api.get(f"{path}?limit=3&cursor={first['cursor']}"))
        emails = [row["payload"]["contact"]["email"] for row in first["data"] + second["data"]]
        self.assertEqual(emails, [f"p{i}@example.com" for i in range(4, -1, -1)])
        self.assertEqual((first["hasMore"], second["hasMore"], second["cursor"]),
                         (True, False, None))

    def test_of_one_status(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        self.assertEqual(len(self.deliveries(made, "&status=PENDING")), 1)
        self.assertEqual(self.deliveries(made, "&status=DELIVERED"), [])
        self.assertEqual(self.deliveries(made, "&status=PARKED"), [])
        self.refused(self.api.get(f"/webhooks/{made['id']}/deliveries?status=LOST"), 400,
                     "BAD_REQUEST")

    def test_a_trial_is_told_whatever_is_watched(self):
        made = self.webhook("purchase", name="Shop", condition=PRO)
        shown = self.ok(self.api.post(f"/webhooks/{made['id']}/test"), 201)
        row, = self.deliveries(made)
        self.assertEqual(row["id"], shown["id"])
        self.assertEqual(row["payload"], {
            "contact": {"id": "test", "email": "test@example.com", "subscribed": True, "data": {}},
            "workflow": {"id": made["id"], "name": "Shop"},
            "execution": {"id": row["id"], "startedAt": row["createdAt"]},
            "event": {"name": "webhook.test"}})
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": False}))
        self.refused(self.api.post(f"/webhooks/{made['id']}/test"), 409, "CONFLICT")

    def test_a_retried_delivery_is_the_same_one(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        row, = self.deliveries(made)
        again = self.ok(self.api.post(f"/deliveries/{row['id']}/retry"))
        self.assertEqual((again["id"], again["payload"], again["status"]),
                         (row["id"], row["payload"], "PENDING"))
        self.assertGreaterEqual(again["nextAttemptAt"], row["nextAttemptAt"][:10])
        self.assertEqual(len(self.deliveries(made)), 1)

    def test_a_delivery_that_is_not_there(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        row, = self.deliveries(made)
        other = row["id"][:-1] + ("0" if row["id"][-1] != "0" else "1")
        for unknown in (UNKNOWN, "msg_", other, "msg_" + "f" * 32, row["id"].upper()):
            with self.subTest(id=unknown):
                for answer in (self.api.get(f"/deliveries/{unknown}"),
                               self.api.post(f"/deliveries/{unknown}/retry")):
                    self.refused(answer, 404, "RESOURCE_NOT_FOUND")

    def test_one_delivery_is_as_the_list_has_it(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": False}))
        row, one = None, None
        while row is None or row != self.deliveries(made)[0]:  # an attempt may be under way yet
            row = self.deliveries(made)[0]
            one = self.ok(self.api.get(f"/deliveries/{row['id']}"))
        self.assertEqual(one, row)

    def test_what_is_pending_is_replayed_only_if_asked_for(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        path = f"/webhooks/{made['id']}/replay"
        answer = self.ok(self.api.post(path, {"from": "2020-01-01T00:00:00Z",
                                              "to": "2100-01-01T00:00:00Z"}))
        self.assertEqual(answer, {"matching": 0, "replayed": 0})
        pending = {"from": "2020-01-01", "to": "2100-01-01", "status": "PENDING"}
        self.assertEqual(self.ok(self.api.post(path, {**pending, "dryRun": True})),
                         {"matching": 1, "replayed": 0})
        for body in ({}, {"from": "2020-01-01"}, {"from": "x", "to": "y"},
                     {"from": "2021-01-01", "to": "2020-01-01"},
                     {"from": "2020-01-01", "to": "2021-01-01", "status": "WAITING"},
                     {"from": "2020-01-01", "to": "2021-01-01", "dryRun": 1}):
            with self.subTest(body=body):
                self.refused(self.api.post(path, body), 400, "BAD_REQUEST")

    def test_another_projects_are_not_there(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        row, = self.deliveries(made)
        mine, self.api = self.api, self.client(world_project()["secretKey"])
        for answer in (self.api.get(f"/webhooks/{made['id']}"),
                       self.api.get(f"/webhooks/{made['id']}/deliveries"),
                       self.api.patch(f"/webhooks/{made['id']}", {"url": URL}),
                       self.api.delete(f"/webhooks/{made['id']}"),
                       self.api.post(f"/webhooks/{made['id']}/test"),
                       self.api.post(f"/webhooks/{made['id']}/rotate-secret"),
                       self.api.post(f"/webhooks/{made['id']}/replay",
                                     {"from": "2020-01-01", "to": "2100-01-01"}),
                       self.api.get(f"/deliveries/{row['id']}"),
                       self.api.post(f"/deliveries/{row['id']}/retry")):
            self.refused(answer, 404, "RESOURCE_NOT_FOUND")
        self.assertEqual(self.ok(self.api.get("/webhooks")), [])
        self.api = mine
        self.assertEqual(len(self.deliveries(made)), 1)

    def test_a_deleted_webhooks_deliveries_are_gone(self):
        made = self.webhook("purchase")
        self.track("purchase", "a@example.com")
        row, = self.deliveries(made)
        self.ok(self.api.delete(f"/webhooks/{made['id']}"), 204)
        self.refused(self.api.post(f"/deliveries/{row['id']}/retry"), 404, "RESOURCE_NOT_FOUND")


class CampaignTest(WebhookTest):
    def test_a_campaign_that_is_sent_is_told_of(self):
        made = self.webhook("campaign.*")
        asking = self.webhook("campaign.*", condition=PRO)
        for i in range(3):
            self.contact(f"p{i}@example.com", subscribed=True)
        campaign = self.ok(self.api.post("/campaigns", {
            "name": "Spring \"26\"", "subject": "Hello", "body": "Hello!",
            "from": "shop@example.com", "audienceType": "ALL"}), 201)["data"]
        self.ok(self.api.post(f"/campaigns/{campaign['id']}/send"))
        row, = self.deliveries(made)
        self.assertIsNone(row["payload"]["contact"])
        self.assertEqual(row["payload"]["event"], {
            "name": "campaign.sending", "campaignId": campaign["id"],
            "campaignName": "Spring \"26\"", "recipients": 3,
            "recipientsUrl": f"/campaigns/{campaign['id']}/recipients"})
        self.ok(self.api.get(row["payload"]["event"]["recipientsUrl"]))
        self.assertEqual(self.deliveries(asking), [])


class CrashTest(OwnServerTest):
    """What was answered is told, and nothing twice, whenever the server is killed."""

    def test_a_killed_server_tells_of_each_event_once(self):
        server = self.serve("--sweep", "0")
        api = self.client(server)
        made = api.post("/webhooks", {"url": URL, "events": ["purchase", "segment.*.entry"]}).json
        self.assertEqual(api.post("/segments", {"name": "Pro", "condition": PRO,
                                                "trackMembership": True}).status, 201)
        answered = set()
        for kill in range(2 if suite.is_short else 5):
            threads = [threading.Thread(target=self.work, args=(server, f"k{kill}t{i}", answered))
                       for i in range(8)]
            for thread in threads:
                thread.start()
            self.assertTrue(wait_until(lambda: len(answered) >= (kill + 1) * 40, 60))
            server.kill()
            for thread in threads:
                thread.join()
            server.start()
        api = self.client(server)
        told = self.told(api, made)
        recorded = self.recorded(api)
        self.assertLessEqual({("purchase", email) for email in answered}, set(told))
        self.assertEqual(sorted(told), sorted(recorded))
        self.assertEqual(len(told), len(set(told)))

    def work(self, server, name, answered):
        api = self.client(server)
        try:
            for i in range(10000):
                email = f"{name}n{i}@example.com"
                body = [{"event": "purchase", "email": email, "data": {"plan": "pro"}}]
                if api.post("/v1/track/batch", body).status == 200:
                    answered.add(email)
        except OSError:
            return
        except Exception as broken:  # an answer that was cut
            if "http.client" not in type(broken).__module__:
                raise

    def told(self, api, made):
        return self.pages(api, f"/webhooks/{made['id']}/deliveries?limit=100", "data", lambda row: (
            row["payload"]["event"]["name"], row["payload"]["contact"]["email"]))

    def recorded(self, api):
        return self.pages(api, "/events?limit=1000", "events",
                          lambda row: (row["name"], row["contact"]["email"]))

    def pages(self, api, path, name, shape):
        rows, cursor = [], None
        while True:
            page = api.get(path + (f"&cursor={cursor}" if cursor else "")).json
            rows += [shape(row) for row in page[name]]
            cursor = page.get("nextCursor") or page.get("cursor")
            if not page.get("hasMore"):
                return rows


if __name__ == "__main__":
    suite.main(__doc__)
